// warmterm ps and pools: what there is.

import { escapeUnprintable } from '../../common/printable.ts';
import type { RunStatus } from '../../common/runs.ts';
import type { OwnTerminal } from '../api/api.ts';
import { ApiError } from '../api/api.ts';
import { listRuns } from '../connection/with-runs.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { outcomeOf } from '../run/exit-code.ts';
import { ageOf, toTable } from '../table.ts';

/** A terminal that does not answer is listed without its runs. */
const patienceMs = 4_000;
const longestCommandShown = 40;

type Listed = OwnTerminal & { runs?: RunStatus[] };

export async function ps(context: Context, { json }: { json?: boolean }): Promise<number> {
  const api = context.api();
  const terminals: Listed[] = await Promise.all(
    (await api.list()).map(async (terminal) => {
      const runs = await Promise.race([listRuns(api, terminal).catch(() => undefined), late()]);
      return { ...terminal, ...(runs && { runs }) };
    }),
  );
  if (json) {
    context.stdout.write(`${JSON.stringify(terminals, undefined, 2)}\n`);
    return 0;
  }
  const now = Date.now();
  const rows = terminals.flatMap((terminal) => {
    const { run, name, pool, claimedAt, runs } = terminal;
    const about = (status?: RunStatus) => [pool, name, ageOf(status?.startedAt ?? claimedAt, now)];
    const shown = (runs ?? []).map((status) => [status.run, describe(status), ...about(status), commandOf(status)]);
    if (run === undefined) return [['-', 'page', ...about(), 'the terminal of the page'], ...shown];
    return shown.length > 0 ? shown : [[run, runs ? 'idle' : 'unknown', ...about(), '']];
  });
  context.stdout.write(toTable(['RUN', 'STATUS', 'POOL', 'TERMINAL', 'AGE', 'COMMAND'], rows));
  return 0;
}

export async function pools(context: Context, { json }: { json?: boolean }): Promise<number> {
  const token = context.env.WARMTERM_HOST_TOKEN;
  if (!token) throw new Failure('Pools are shown to hosts. Set WARMTERM_HOST_TOKEN to the token of the host page.');
  const found = await context
    .api()
    .pools(token)
    .catch((error) => {
      if (error instanceof ApiError && (error.code === 'unauthenticated' || error.code === 'forbidden'))
        throw new Failure('The server does not accept WARMTERM_HOST_TOKEN.');
      throw error;
    });
  if (json) context.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
  else {
    const rows = found.map((pool) =>
      [pool.name, pool.ready, pool.inUse, pool.recreating, pool.broken, pool.waiting, pool.settings.max].map(String),
    );
    context.stdout.write(toTable(['POOL', 'READY', 'IN USE', 'STARTING', 'BROKEN', 'QUEUE', 'MAX'], rows));
  }
  return 0;
}

const describe = ({ exit, detached }: RunStatus): string =>
  exit ? `exited ${outcomeOf(exit).code}` : detached ? 'running, detached' : 'running';

function commandOf({ command }: RunStatus): string {
  const text = escapeUnprintable(
    command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' '),
  );
  return text.length > longestCommandShown ? `${text.slice(0, longestCommandShown - 1)}…` : text;
}

const late = () => new Promise<undefined>((resolve) => void setTimeout(resolve, patienceMs, undefined));
