// The commands logs, attach, wait and stop, for runs that were started before.

import { Writable } from 'node:stream';
import { retryRequest } from '../api/retry-request.ts';
import { createLostNotice } from '../connection/lost-notice.ts';
import { findRun, withRuns } from '../connection/with-runs.ts';
import type { Context } from '../context.ts';
import { Failure, Interrupted } from '../failure.ts';
import { execute } from '../run/execute.ts';
import { outcomeOf } from '../run/exit-code.ts';
import { ask, followRun, type RunSocket } from '../run/follow-run.ts';
import { readRunId } from '../run/ids.ts';
import type { Position } from '../run/offsets.ts';

export type LogsOptions = { follow?: boolean; since?: string };

export async function logs(context: Context, text: string, { follow = false, since }: LogsOptions): Promise<number> {
  const run = readRunId(text);
  const from = readSince(since);
  const api = context.api();
  const notice = createLostNotice(context.say.line);
  const { target, status } = await findRun(api, run, notice);
  if (status.tty && !status.detached)
    context.say.line(`the output of ${run} is only on its screen and not stored. Use: warmterm attach ${run}`);
  const leaving = new AbortController();
  process.once('SIGINT', () => leaving.abort(new Interrupted(130)));
  await followRun({
    link: { api, target, first: undefined },
    run,
    from,
    untilNow: !follow,
    sinks: context,
    onLine: (state) => notice[state](),
    onDropped: (stream, bytes) =>
      context.say.line(`the first ${bytes} bytes of ${stream} after --since are no longer stored`),
    onClosed: () => leaving.abort(new Interrupted(141)),
    signal: leaving.signal,
  }).exit;
  return 0;
}

/** `N`, or `N,M` for stdout and stderr. Pure. */
export function readSince(text: string | undefined): Position {
  if (text === undefined) return { stdout: 0, stderr: 0 };
  const [, stdout, stderr] = /^(\d{1,15})(?:,(\d{1,15}))?$/.exec(text) ?? [];
  if (stdout === undefined)
    throw new Failure(`--since ${text}: not a number of bytes. Write N, or N,M for stdout and stderr.`);
  return { stdout: Number(stdout), stderr: Number(stderr ?? 0) };
}

export async function attach(context: Context, text: string): Promise<number> {
  const run = readRunId(text);
  const notice = createLostNotice(context.say.line);
  const { target, status } = await findRun(context.api(), run, notice);
  if (status.exit) return tell(context, outcomeOf(status.exit));
  const { tty, detached } = status;
  if (tty && !(context.stdin.isTTY && context.stdout.isTTY))
    throw new Failure(`${run} needs a terminal on stdin and stdout. To read its output, use: warmterm logs -f ${run}`);
  const { stdout, stderr } = status.output;
  return execute(context, {
    target,
    run,
    from: { stdout: stdout.to, stderr: stderr.to },
    tty,
    input: false,
    endsTerminal: false,
    onLeave: detached ? 'detach' : 'kill',
  });
}

export async function wait(context: Context, text: string): Promise<number> {
  const run = readRunId(text);
  const api = context.api();
  const notice = createLostNotice(context.say.line);
  const { target, status } = await findRun(api, run, notice);
  if (status.exit) return tell(context, outcomeOf(status.exit));
  const leaving = new AbortController();
  process.once('SIGINT', () => leaving.abort(new Interrupted(130)));
  return tell(context, outcomeOf(await followToEnd()));

  function followToEnd() {
    const { stdout, stderr } = status.output;
    return followRun({
      link: { api, target, first: undefined },
      run,
      from: { stdout: stdout.to, stderr: stderr.to },
      exitOnly: true,
      sinks: { stdout: nowhere(), stderr: nowhere() },
      onLine: (state) => notice[state](),
      onDropped: () => {},
      onClosed: () => {},
      signal: leaving.signal,
    }).exit;
  }
}

/** Stops the command. If it has already ended, ends its terminal, which was kept for its output. */
export async function stop(context: Context, text: string): Promise<number> {
  const run = readRunId(text);
  const api = context.api();
  const notice = createLostNotice(context.say.line);
  const { target, status, own } = await findRun(api, run, notice);
  const stopIt = (socket: RunSocket) => ask(socket.timeout(10_000).emitWithAck('stop', run));
  if (!status.exit) await withRuns(api, target, stopIt, notice);
  else if (own) await retryRequest(() => api.end(target), notice);
  return 0;
}

function tell(context: Context, { code, reason }: { code: number; reason?: string }): number {
  if (reason !== undefined) context.say.line(reason);
  return code;
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
