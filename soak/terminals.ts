// Simulates a terminal's requests to managers, because pods of the soak have no processes, or other ones. It
// reports to any manager while it is in use, and requests its own deletion once no browser has been attached for a while.

import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { toServiceError } from '../common/errors.ts';
import { requestJson } from '../common/http/client.ts';
import { paths, reportAnswerSchema } from '../common/manager-api.ts';

export type TerminalsOptions = {
  managers: () => string[];
  random: () => number;
  /** The token that a pod would find in its volume. */
  podToken: (pod: { name: string; uid: string }) => Promise<string>;
  reportMs: number;
  idleMs: number;
  /** Whether the pod still exists. */
  lives: (uid: string) => boolean;
};

type Terminal = {
  name: string;
  uid: string;
  connections: number;
  connectedAt: number;
  /** By the wall clock, for the report. */
  connectedAtWall: string;
  leftAt: number | undefined;
  silentSince: number | undefined;
  askedForEnd: boolean;
  reports: number;
};

export type Terminals = ReturnType<typeof createTerminals>;

export function createTerminals({ managers, random, podToken, reportMs, idleMs, lives }: TerminalsOptions) {
  const terminals = new Map<string, Terminal>();
  const running = new Set<Promise<void>>();
  const over = new AbortController();
  // Each terminal adds a listener.
  setMaxListeners(0, over.signal);

  const counts = new Map<string, number>();
  const count = (what: string) => void counts.set(what, (counts.get(what) ?? 0) + 1);

  const anyManager = () => {
    const all = managers();
    return all[Math.floor(random() * all.length)]!;
  };

  async function run(terminal: Terminal): Promise<void> {
    const { name, uid } = terminal;
    const token = await podToken({ name, uid });
    while (lives(uid) && !over.signal.aborted) {
      if (terminal.silentSince === undefined)
        await say(terminal, token).then(
          () => count('done'),
          (error: unknown) => count(toServiceError(error).code),
        );
      await delay(reportMs * (0.5 + random()), undefined, { signal: over.signal }).catch(() => {});
    }
  }

  async function say(terminal: Terminal, token: string): Promise<void> {
    const call = { token, deadlineMs: 5_000, signal: over.signal };
    const { connections, connectedAtWall, leftAt } = terminal;
    if (leftAt !== undefined && performance.now() - leftAt > idleMs) {
      terminal.askedForEnd = true;
      await requestJson({ ...call, method: 'DELETE', url: anyManager() + paths.self });
      return;
    }
    const body = { connections, connectedAt: connectedAtWall };
    await requestJson({ ...call, method: 'POST', url: anyManager() + paths.report, body, answer: reportAnswerSchema });
    terminal.reports++;
  }

  return {
    /** A browser connects. Returns whether the terminal exists. */
    connect({ name, uid }: { name: string; uid: string }): boolean {
      if (!lives(uid)) return false;
      const known = terminals.get(uid);
      if (known) {
        known.connections++;
        known.leftAt = undefined;
        return true;
      }
      const now = performance.now();
      const terminal: Terminal = {
        name,
        uid,
        connections: 1,
        connectedAt: now,
        connectedAtWall: new Date().toISOString(),
        leftAt: undefined,
        silentSince: undefined,
        askedForEnd: false,
        reports: 0,
      };
      terminals.set(uid, terminal);
      const ran = run(terminal).catch(() => {});
      running.add(ran);
      void ran.finally(() => running.delete(ran));
      return true;
    },
    disconnect({ uid }: { uid: string }): void {
      const terminal = terminals.get(uid);
      if (!terminal || terminal.connections === 0) return;
      terminal.connections--;
      if (terminal.connections === 0) terminal.leftAt = performance.now();
    },
    /** It hangs and stops reporting. */
    wedge(uid: string): void {
      const terminal = terminals.get(uid);
      if (terminal) terminal.silentSince ??= performance.now();
    },
    /** The results of their requests. */
    counts: counts as ReadonlyMap<string, number>,
    heardOf: (uid: string) => (terminals.get(uid)?.reports ?? 0) > 0,
    connectedAt: (uid: string) => terminals.get(uid)?.connectedAt,
    silentSince: (uid: string) => terminals.get(uid)?.silentSince,
    endedItself: (uid: string) => terminals.get(uid)?.askedForEnd === true,
    forget(uid: string): void {
      terminals.delete(uid);
    },
    async close(): Promise<void> {
      over.abort();
      await Promise.all(running);
    },
  };
}
