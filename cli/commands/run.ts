// warmterm run and exec: run a command in a terminal of its own, or in the visitor's.

import type { StartRun } from '../../common/runs.ts';
import type { Context } from '../context.ts';
import { execute } from '../run/execute.ts';
import { makeRunId } from '../run/ids.ts';
import {
  type CommandOptions,
  checkLength,
  readEnvironment,
  readTimeout,
  wantsInput,
  wantsTty,
} from '../run/options.ts';
import { sizeOf } from '../terminal/raw-mode.ts';

export type RunOptions = CommandOptions & { pool?: string; keep?: boolean };

export function run(context: Context, command: string[], options: RunOptions): Promise<number> {
  const id = makeRunId();
  const endsTerminal = options.keep !== true;
  return start(context, { run: id, pool: options.pool }, id, command, options, endsTerminal);
}

export const exec = (context: Context, command: string[], options: RunOptions): Promise<number> =>
  start(context, { pool: options.pool }, makeRunId(), command, options, false);

function start(
  context: Context,
  target: { run?: string; pool: string | undefined },
  id: string,
  command: string[],
  options: RunOptions,
  endsTerminal: boolean,
): Promise<number> {
  const tty = wantsTty(options, context);
  const input = !tty && wantsInput(options, context);
  const timeoutMs = readTimeout(options.timeout);
  const detached = options.detach === true;
  const start: StartRun = {
    run: id,
    command,
    environment: readEnvironment(options.env ?? [], context.env),
    ...(options.workdir !== undefined && { directory: options.workdir }),
    ...(tty && { tty: sizeOf(context.stdout) }),
    stdin: input || (detached && options.interactive === true),
    detached,
    ...(timeoutMs !== undefined && { timeoutMs }),
    endsTerminal,
  };
  checkLength(start);
  return execute(context, { target, run: id, start, tty, input, endsTerminal, onLeave: 'kill', detached });
}
