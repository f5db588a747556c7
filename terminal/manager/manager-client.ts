// All that a terminal ever says to the manager: give me your keys, this is how I am, delete me (inv 7).

import { readFile } from 'node:fs/promises';
import type { JSONWebKeySet } from 'jose';
import * as z from 'zod';
import { requestJson } from '../../common/http/client.ts';
import { paths, type Report, type ReportAnswer, reportAnswerSchema } from '../../common/manager-api.ts';

const deadlineMs = 5_000;
const keySetSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

export type ManagerClient = {
  fetchKeys: (signal?: AbortSignal) => Promise<JSONWebKeySet>;
  report: (report: Report, signal: AbortSignal) => Promise<ReportAnswer>;
  deleteSelf: (signal: AbortSignal) => Promise<void>;
};

/** A client for the manager at `url`, which believes the token in `tokenFile`. */
export function createManagerClient({ url, tokenFile }: { url: string; tokenFile: string }): ManagerClient {
  const token = async () => (await readFile(tokenFile, 'utf8')).trim();
  return {
    fetchKeys: (signal) =>
      requestJson({
        method: 'GET',
        url: url + paths.jwks,
        answer: keySetSchema,
        deadlineMs,
        ...(signal ? { signal } : {}),
      }),
    report: async (body, signal) =>
      requestJson({
        method: 'POST',
        url: url + paths.report,
        answer: reportAnswerSchema,
        body,
        token: await token(),
        deadlineMs,
        signal,
      }),
    deleteSelf: async (signal) =>
      requestJson({ method: 'DELETE', url: url + paths.self, token: await token(), deadlineMs, signal }),
  };
}
