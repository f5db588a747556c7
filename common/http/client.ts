// A JSON request from one service to another: always with a deadline, always with a checked answer. By node:http: the first
// use of `fetch` loads a second HTTP client, 18 MB that every idle pod would pay for, and sends a body apart from its headers.

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
  /** The Unix socket to connect to, in the place of the host of `url`. */
  socketPath?: string | undefined;
  /** Whose connections are used, for `url`'s protocol. Without one there is a new connection for each call. */
  agent?: Agent | undefined;
};

// All that is told of ten thousand terminals is a few megabytes.
const longestAnswer = 16_777_216;

/** The checked answer. Throws what the other service said, `timeout` after the deadline, `unavailable` if unreachable. */
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

/** Whether the request never reached anybody: the connection itself was refused. */
export function isRefused(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return true;
  return error instanceof AggregateError ? error.errors.every(isRefused) : isRefused(error.cause);
}

type Answer = { status: number; text: string };

async function exchange(options: JsonRequest<unknown>, signal: AbortSignal): Promise<Answer> {
  const { method, url, body, token, socketPath, agent = false } = options;
  const text = body === undefined ? undefined : JSON.stringify(body);
  // TLS is megabytes as well: loaded by those only who are asked to speak it.
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
        if (length > longestAnswer) response.destroy(new Error(`The answer is longer than ${longestAnswer} bytes.`));
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
