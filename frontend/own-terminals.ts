// The terminals of this visitor: all of them, and how to end one.

import type { TerminalList } from '../common/manager-api.ts';
import { call } from './identity/call.ts';

// As in common/terminals-api.ts, whose types are checked; its code would bring all of zod along.
const list: typeof import('../common/terminals-api.ts').paths.terminals = '/api/terminals';
const current: typeof import('../common/terminals-api.ts').paths.current = '/api/terminals/current';
const deadlineMs = 10_000;

export type OwnTerminal = TerminalList['terminals'][number];

export type OwnTerminals = {
  list: () => Promise<OwnTerminal[]>;
  end: (terminal: Pick<OwnTerminal, 'pool' | 'run'>) => Promise<void>;
};

/** Both functions reject when the webserver does not do it. */
export const ownTerminals: OwnTerminals = {
  async list() {
    const answer = await call(list, { signal: AbortSignal.timeout(deadlineMs) });
    if (!answer.ok) throw new Error(`the answer was ${answer.status}`);
    return ((await answer.json()) as TerminalList).terminals;
  },
  async end({ pool, run }) {
    const query = new URLSearchParams({ pool, ...(run !== undefined && { run }) });
    const answer = await call(`${current}?${query}`, { method: 'DELETE', signal: AbortSignal.timeout(deadlineMs) });
    // 404: the terminal has ended meanwhile.
    if (!answer.ok && answer.status !== 404) throw new Error(`the answer was ${answer.status}`);
  },
};
