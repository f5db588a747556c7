// One HTTP request with a JSON answer. It uses node:http: the first `fetch` loads a second HTTP client, and it does not support agents.

import { type Agent, request as requestHttp } from 'node:http';
import { startDeadline } from '../../common/deadline.ts';

export type HttpRequest = {
  method: 'GET' | 'POST' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  body?: unknown;
  agent?: Agent | undefined;
  deadlineMs: number;
  signal?: AbortSignal | undefined;
};

export type HttpAnswer = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Undefined if there is none, or it is not JSON. */
  json: unknown;
};

const maxAnswerBytes = 16_777_216;

/** Rejects with a network error, a TimeoutError after the deadline, or the reason of `signal`. */
export async function sendRequest({ method, url, headers, body, agent, deadlineMs, signal }: HttpRequest) {
  const deadline = startDeadline(deadlineMs, signal);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const start = url.startsWith('https:') ? (await import('node:https')).request : requestHttp;
  try {
    return await new Promise<HttpAnswer>((resolve, reject) => {
      const request = start(
        url,
        {
          method,
          signal: deadline.signal,
          ...(agent && { agent }),
          headers: {
            accept: 'application/json',
            ...(text !== undefined && {
              'content-type': 'application/json',
              'content-length': String(Buffer.byteLength(text)),
            }),
            ...headers,
          },
        },
        (response) => {
          const pieces: Buffer[] = [];
          let length = 0;
          response.on('data', (piece: Buffer) => {
            length += piece.length;
            if (length > maxAnswerBytes) response.destroy(new Error('The answer is too long.'));
            else pieces.push(piece);
          });
          response.once('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              json: parse(Buffer.concat(pieces)),
            }),
          );
          response.once('error', reject);
        },
      );
      request.once('error', reject);
      request.end(text);
    });
  } catch (error) {
    throw deadline.signal.aborted ? deadline.signal.reason : error;
  } finally {
    deadline.clear();
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return bytes.length === 0 ? undefined : JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
