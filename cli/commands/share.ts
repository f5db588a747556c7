// warmterm share: makes a link to the visitor's terminal for guests, or ends all links.

import { parseDuration } from '../../common/duration.ts';
import type { LinkRequest, linkTimes } from '../../common/manager-api.ts';
import type { linkParameter } from '../../common/terminals-api.ts';
import { ApiError } from '../api/api.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';

export type ShareOptions = { role?: string; expires?: string; label?: string; end?: boolean; pool?: string };

// As in common/, whose code would load zod. The types check all but maxMs.
const parameter: typeof linkParameter = 'share';
const times: typeof linkTimes = { minMs: 60_000, defaultMs: 3_600_000, maxMs: 604_800_000 };
const allowed: Record<LinkRequest['role'], string> = {
  viewer: 'see your terminal, and ask you to let them type',
  editor: 'see your terminal and type in it',
};

export async function share(context: Context, { role, expires, label, end, pool }: ShareOptions): Promise<number> {
  const { say, stdout } = context;
  const wish = { role: readRole(role), expiresInMs: readExpiry(expires) };
  const api = context.api();
  if (end) {
    await api.endLinks({ pool }).catch(explain);
    say.line('all links to your terminal have ended, and all guests are removed');
    return 0;
  }
  const request = { ...wish, ...(label !== undefined && { label }), ...(pool !== undefined && { pool }) };
  const { token, expiresAt } = await api.makeLink(request).catch(explain);
  stdout.write(`${api.server}/#${parameter}=${token}\n`);
  say.line(`until ${expiresAt}, anyone who has this link can ${allowed[wish.role]}. To end it: warmterm share --end`);
  return 0;
}

function readRole(text = 'viewer'): LinkRequest['role'] {
  if (text === 'viewer' || text === 'editor') return text;
  throw new Failure(`--role ${text}: not a role of guests. Write viewer or editor.`);
}

function readExpiry(text: string | undefined): number {
  if (text === undefined) return times.defaultMs;
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= times.minMs && ms <= times.maxMs) return ms;
  throw new Failure(`--expires ${text}: not a duration of 1m to 7d. Write it such as 15m, 2h or 1d.`);
}

function explain(error: unknown): never {
  if (!(error instanceof ApiError)) throw error;
  if (error.code === 'session-not-found')
    throw new Failure(`${error.message} To get one, open its page: warmterm open`, { cause: error });
  // A pool that does not exist has the same code.
  if (error.code === 'not-found' && error.message.startsWith('There is no endpoint'))
    throw new Failure('This server is too old to share terminals.', { cause: error });
  throw error;
}
