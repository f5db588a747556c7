// warmterm ps and pools: list terminals, runs and pools.

import { escapeUnprintable } from '../../common/printable.ts';
import type { RunStatus } from '../../common/runs.ts';
import type { OwnTerminal } from '../api/api.ts';
import { ApiError } from '../api/api.ts';
import { listRuns } from '../connection/with-runs.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { outcomeOf } from '../run/exit-code.ts';
import { ageOf, toTable } from '../table.ts';

/** A terminal that does not answer in this time is listed without its runs. */
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

type PoolsOptions = { json?: boolean; pool?: string };

export async function pools(context: Context, options: PoolsOptions): Promise<number> {
  const token = context.env.WARMTERM_HOST_TOKEN;
  return token ? hostPools(context, token, options) : visitorPools(context, options);
}

async function visitorPools(context: Context, { json, pool }: PoolsOptions): Promise<number> {
  const found = await context.api().pools({ pool });
  const rows = found.map(({ name, ready, waiting }) => [name, ready, waiting].map(String));
  return print(context, found, json ? undefined : toTable(['POOL', 'READY', 'QUEUE'], rows));
}

async function hostPools(context: Context, token: string, { json, pool }: PoolsOptions): Promise<number> {
  const all = await context
    .api()
    .hostPools(token)
    .catch((error) => {
      if (error instanceof ApiError && (error.code === 'unauthenticated' || error.code === 'forbidden'))
        throw new Failure('The server does not accept WARMTERM_HOST_TOKEN.');
      throw error;
    });
  const found = all.filter(({ name }) => pool === undefined || name === pool);
  if (pool !== undefined && found.length === 0) throw new Failure(`There is no pool named ${pool}.`);
  const rows = found.map((one) =>
    [one.name, one.ready, one.inUse, one.recreating, one.broken, one.waiting, one.settings.max].map(String),
  );
  const header = ['POOL', 'READY', 'IN USE', 'STARTING', 'BROKEN', 'QUEUE', 'MAX'];
  return print(context, found, json ? undefined : toTable(header, rows));
}

function print(context: Context, found: unknown, table: string | undefined): number {
  context.stdout.write(table ?? `${JSON.stringify(found, undefined, 2)}\n`);
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
