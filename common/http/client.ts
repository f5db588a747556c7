// A JSON request from one service to another: always with a deadline, always with a checked answer.

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
};

/** The checked answer. Throws what the other service said, `timeout` after the deadline, `unavailable` if unreachable. */
export async function requestJson<T = undefined>(request: JsonRequest<T>): Promise<T> {
  const { method, url, answer, body, token, deadlineMs, signal } = request;
  const deadline = startDeadline(deadlineMs, signal);
  const init: RequestInit = {
    method,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    signal: deadline.signal,
    redirect: 'error',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  try {
    const response = await fetch(url, init);
    const text = await response.text();
    const json = parse(text);
    if (!response.ok) throw fromProblem(response.status, json);
    if (!answer) return undefined as T;
    return answer.parse(json);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    if (signal?.aborted) throw error;
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
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' || isRefused(error.cause);
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
