// A JSON request from the pod to the manager: what common/http/client.ts does, by node:http. The first use of `fetch`
// loads a second HTTP client into the process, 18 MB of it, which every idle pod of every pool would pay for.

import { type RequestOptions, request as requestHttp } from 'node:http';
import { startDeadline } from '../../common/deadline.ts';
import { ServiceError } from '../../common/errors.ts';
import type { JsonRequest } from '../../common/http/client.ts';
import { fromProblem } from '../../common/http/problem.ts';

const longestAnswer = 1_048_576;

type Answer = { status: number; text: string };

/** The checked answer. Throws what the manager said, `timeout` after the deadline, `unavailable` if unreachable. */
export async function requestJson<T = undefined>(options: JsonRequest<T>): Promise<T> {
  const { url, answer, deadlineMs, signal } = options;
  const deadline = startDeadline(deadlineMs, signal);
  try {
    const { status, text } = await exchange(options, deadline.signal);
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

async function exchange(options: JsonRequest<unknown>, signal: AbortSignal): Promise<Answer> {
  const { method, url, body, token } = options;
  const text = body === undefined ? undefined : JSON.stringify(body);
  // TLS is megabytes as well: loaded by those pods only whose manager speaks it.
  const request = url.startsWith('https:') ? (await import('node:https')).request : requestHttp;
  const settings: RequestOptions = {
    method,
    signal,
    // A connection for each call: a kept one may be closed by the other side just as it is used again.
    agent: false,
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
