// Short requests to a terminal, without following a run.

import type { RunStatus } from '../../common/runs.ts';
import type { Api, Target } from '../api/api.ts';
import { type Line, retryRequest } from '../api/retry-request.ts';
import { Failure } from '../failure.ts';
import { ask, type RunSocket } from '../run/follow-run.ts';
import { runLink } from './link.ts';

const answerMs = 10_000;

const unwatched: Line = { lost: () => {}, back: () => {} };

/** The result of `talk`. After a lost connection `talk` is repeated, so it must be idempotent. */
export async function withRuns<T>(
  api: Api,
  target: Target,
  talk: (socket: RunSocket) => Promise<T>,
  line: Line = unwatched,
): Promise<T> {
  const over = new AbortController();
  let result: { value: T } | undefined;
  let failure: unknown;
  await runLink(
    {
      api,
      target,
      first: undefined,
      namespace: '/runs',
      auth: () => ({}),
      prepare: () => {},
      onLost: line.lost,
      onConnected(socket) {
        line.back();
        talk(socket as RunSocket).then(
          (value) => {
            result = { value };
            over.abort();
          },
          (error) => {
            if (!(error instanceof Failure)) return void socket.disconnect();
            failure = error;
            over.abort();
          },
        );
      },
    },
    over.signal,
  );
  if (result) return result.value;
  throw failure;
}

/** The runs of a terminal. */
export const listRuns = (api: Api, target: Target, line?: Line): Promise<RunStatus[]> =>
  withRuns(api, target, (socket) => ask<RunStatus[]>(socket.timeout(answerMs).emitWithAck('list')), line);

export type FoundRun = { target: Target; status: RunStatus; own: boolean };

/** The terminal and status of a run. Retries while the server restarts. Throws if the visitor has no such run. */
export async function findRun(api: Api, run: string, line: Line): Promise<FoundRun> {
  const terminals = await retryRequest(() => api.list(), line);
  const own = terminals.filter((terminal) => terminal.run === run);
  // A run of `exec` is in the terminal of the page.
  for (const { run: name, pool } of own.length > 0 ? own : terminals.filter((terminal) => terminal.run === undefined)) {
    const target = { run: name, pool };
    const status = (await listRuns(api, target, line)).find((one) => one.run === run);
    if (status) return { target, status, own: name !== undefined };
  }
  throw new Failure(
    `There is no run ${run}: it has ended and its terminal is gone, or it is another identity's. \`warmterm ps\` lists yours.`,
  );
}
