// The terminal's only requests to the manager: fetch its keys, report its state, delete itself (inv 7).

import { readFile } from 'node:fs/promises';
import type { JSONWebKeySet } from 'jose';
import { requestJson } from '../../common/http/client.ts';
import { keySetSchema } from '../../common/key-set.ts';
import {
  paths,
  type Report,
  type ReportAnswer,
  reportAnswerSchema,
  type SessionEnd,
} from '../../common/manager-api.ts';
import type { RemoteClock } from '../../common/remote-clock.ts';
import type { Clock } from '../clock.ts';

const deadlineMs = 5_000;

export type ManagerClient = {
  fetchKeys: (signal?: AbortSignal) => Promise<JSONWebKeySet>;
  report: (report: Report, signal: AbortSignal) => Promise<ReportAnswer>;
  /** `end`: the reason, if the visitor should see one. */
  deleteSelf: (end: SessionEnd | undefined, signal: AbortSignal) => Promise<void>;
};

/** A client of the manager at `url`, or at the Unix socket `socketPath`, with the token in `tokenFile`. Each answer adjusts `time`. */
export function createManagerClient(options: {
  url: string;
  socketPath?: string | undefined;
  tokenFile: string;
  clock: Clock;
  /** The manager's time. */
  time: Pick<RemoteClock, 'observe'>;
}): ManagerClient {
  const { url, socketPath, tokenFile, clock, time } = options;
  const call = { socketPath, deadlineMs };
  const token = async () => (await readFile(tokenFile, 'utf8')).trim();
  const withTime = async <T extends { now?: string | undefined }>(ask: () => Promise<T>): Promise<T> => {
    const since = clock.now();
    const answer = await ask();
    if (answer.now !== undefined) time.observe({ earliest: Date.parse(answer.now), since });
    return answer;
  };
  return {
    fetchKeys: (signal) => {
      const request = { ...call, method: 'GET', url: url + paths.jwks, ...(signal && { signal }) } as const;
      return withTime(() => requestJson({ ...request, answer: keySetSchema }));
    },
    report: async (body, signal) => {
      const request = { ...call, method: 'POST', url: url + paths.report, token: await token(), signal } as const;
      return withTime(() => requestJson({ ...request, body, answer: reportAnswerSchema }));
    },
    deleteSelf: async (body, signal) =>
      requestJson({ ...call, method: 'DELETE', url: url + paths.self, token: await token(), body, signal }),
  };
}
