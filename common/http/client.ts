// JSON requests between services, each with a deadline and a checked answer. It uses node:http: the first `fetch` loads a second HTTP
// client of 18 MB into every idle pod, and sends the body apart from the headers.

import { type Agent, type RequestOptions, request as requestHttp } from 'node:http';
import type * as z from 'zod';
import { startDeadline } from '../deadline.ts';
import { ServiceError } from '../errors.ts';
import { fromProblem } from './problem.ts';

export type JsonRequest<T> = {
  method: 'GET' | 'POST' | 'DELETE';
  url: string;
  /** Shape of the answer; absent when the answer has no body. */
  answer?: z.ZodType<T>;
  body?: unknown;
  /** Bearer token. */
  token?: string;
  deadlineMs: number;
  signal?: AbortSignal;
  /** The Unix socket to connect to, instead of the host of `url`. */
  socketPath?: string | undefined;
  /** Agent for the protocol of `url`. Default: a new connection for each request. */
  agent?: Agent | undefined;
};

// The status of ten thousand terminals takes a few megabytes.
const maxAnswerBytes = 16_777_216;

/** The checked answer. Throws the error of the other service, `timeout` after the deadline, or `unavailable` if unreachable. */
export async function requestJson<T = undefined>(request: JsonRequest<T>): Promise<T> {
  const { url, answer, deadlineMs, signal } = request;
  const deadline = startDeadline(deadlineMs, signal);
  try {
    const { status, text } = await exchange(request, deadline.signal);
    const json = parse(text);
    if (status < 200 || status > 299) throw fromProblem(status, json);
    return answer ? answer.parse(json) : (undefined as T);
  } catch (error) {
    if (error instanceof ServiceError || signal?.aborted) throw error;
    const { host } = new URL(url);
    if (deadline.passed) throw new ServiceError('timeout', `${host} did not answer in time.`, { cause: error });
    throw new ServiceError('unavailable', `${host} cannot be reached.`, { cause: error });
  } finally {
    deadline.clear();
  }
}

/** Whether the connection itself was refused, so the request reached no server. */
export function isConnectionRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return true;
  return error instanceof AggregateError ? error.errors.every(isConnectionRefused) : isConnectionRefused(error.cause);
}

type Answer = { status: number; text: string };

async function exchange(options: JsonRequest<unknown>, signal: AbortSignal): Promise<Answer> {
  const { method, url, body, token, socketPath, agent = false } = options;
  const text = body === undefined ? undefined : JSON.stringify(body);
  // node:https takes megabytes of memory too: load it only for https URLs.
  const request = url.startsWith('https:') ? (await import('node:https')).request : requestHttp;
  const settings: RequestOptions = {
    method,
    signal,
    agent,
    ...(socketPath === undefined ? {} : { socketPath }),
    headers: {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    },
  };
  return new Promise((resolve, reject) => {
    request(url, settings, (response) => {
      const pieces: Buffer[] = [];
      let length = 0;
      response.on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > maxAnswerBytes) response.destroy(new Error(`The answer is longer than ${maxAnswerBytes} bytes.`));
        else pieces.push(piece);
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }));
      response.once('error', reject);
    })
      .once('error', reject)
      .end(text);
  });
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
