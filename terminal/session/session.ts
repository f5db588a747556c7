// The life of this pod's session: warming, open, ended. It decides when the session ends and runs the steps of an end in order: end the runs,
// run the hook, notify the pages, end tmux, have the pod deleted. It knows pages, tmux and the manager only as functions.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../common/log.ts';
import { type ReportAnswer, type SessionEnd, sessionEndSchema } from '../../common/manager-api.ts';
import type { RemoteClock } from '../../common/remote-clock.ts';
import { retry } from '../../common/retry.ts';
import type { Ending, EndReason, Saved, Saving } from '../../common/socket.ts';
import type { BeforeExit } from '../before-exit.ts';
import type { Clock } from '../clock.ts';
import type { Tmux } from '../tmux/tmux.ts';
import { look } from './countdown.ts';
import { IdleClock } from './idle-clock.ts';
import { Lifetime } from './lifetime.ts';

/** If a pod is deleted this shortly before the end of its lifetime, the lifetime is the reason. */
const lifetimeToleranceMs = 5_000;
/** How often to check for output of jobs during a countdown. */
const outputPollMs = 1_000;

export type SessionOptions = {
  idle: { timeoutMs: number; warningMs: number; countsOutput: boolean };
  tmux: Pick<Tmux, 'warm' | 'ended' | 'kill' | 'lastOutputAt'>;
  pages: {
    ending: (ending: Ending | null) => void;
    saving: (saving: Saving) => void;
    ended: (reason: EndReason, saved: Saved | undefined) => void;
  };
  /** Ends the runs; resolves soon. */
  endRuns: (reason: EndReason) => Promise<void>;
  /** Resolves when the session exceeds the process limit. */
  exceeded: Promise<void>;
  beforeExit: BeforeExit;
  whoEnded: () => Promise<EndReason | undefined>;
  deleteSelf: (end: SessionEnd | undefined, signal: AbortSignal) => Promise<void>;
  clock: Clock;
  /** The manager's. */
  time: Pick<RemoteClock, 'now'>;
  log: Logger;
};

export type Session = {
  /** `warming` until the prompt is drawn, then `open`, then the reason of its end. */
  readonly state: 'warming' | 'open' | EndReason;
  /** The last input or attachment, by `clock.now`. */
  readonly lastInputAt: number | undefined;
  /** The present countdown, for a page that attaches during it. */
  readonly ending: Ending | null;
  /** While the hook is running. */
  readonly saving: Saving | undefined;
  attached: () => void;
  typed: () => void;
  /** Keeps the session from being idle until the returned function is called. */
  hold: () => () => void;
  /** Ends the session, because its run is over. */
  finish: () => void;
  learn: (answer: ReportAnswer) => void;
  /** Runs the session until `signal`. Rejects if the shell never shows a prompt. */
  run: (signal: AbortSignal) => Promise<void>;
};

export function createSession(options: SessionOptions): Session {
  const { tmux, pages, endRuns, exceeded, beforeExit, whoEnded, deleteSelf, clock, time, log } = options;
  const idle = new IdleClock(options.idle);
  const lifetime = new Lifetime();
  let state: Session['state'] = 'warming';
  let lastInputAt: number | undefined;
  let saving: Saving | undefined;
  let announced: { reason: Ending['reason']; endAt: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let holds = 0;
  let asking = false;
  let askedAt = Number.NEGATIVE_INFINITY;
  /** The last known output, by tmux's clock. */
  let outputAt: number | undefined;
  let over: (reason: EndReason) => void = () => {};

  const describe = (): Ending | null =>
    announced ? { reason: announced.reason, inMs: Math.max(0, Math.round(announced.endAt - clock.now())) } : null;

  // Checks the deadlines, notifies the pages of changes, and sets the timer for the next change.
  const tick = (): void => {
    clearTimeout(timer);
    if (state !== 'open' || asking) return;
    const now = clock.now();
    const { over: cause, ending, nextAt } = look([holds > 0 ? undefined : idle.deadline(), lifetime.deadline()], now);
    if (options.idle.countsOutput && (cause ?? ending?.reason) === 'idle' && askedAt < neededSince(cause, now)) {
      askOutput();
      return;
    }
    if (cause) {
      over(cause);
      return;
    }
    const changed =
      ending?.reason !== announced?.reason || Math.abs((ending?.endAt ?? 0) - (announced?.endAt ?? 0)) > 1_000;
    announced = ending;
    if (changed) pages.ending(describe());
    if (nextAt === undefined) return;
    const wait = Math.max(1, Math.ceil(nextAt - now));
    const asksAgain = options.idle.countsOutput && ending?.reason === 'idle';
    timer = setTimeout(tick, asksAgain ? Math.min(wait, outputPollMs) : wait);
  };

  // Before a warning or an end, the last check of output must be recent. During a countdown, check at intervals.
  const neededSince = (cause: string | undefined, now: number): number => {
    const { warnAt, endAt } = idle.deadline() ?? { warnAt: now, endAt: now };
    if (cause) return endAt;
    return announced?.reason === 'idle' ? now - outputPollMs : warnAt;
  };

  // Check for output of jobs only when it matters: before a warning, during it, and before the end.
  const askOutput = (): void => {
    asking = true;
    Promise.race([tmux.lastOutputAt(), delay(outputPollMs, undefined, { ref: false })])
      .then((at) => {
        if (at === undefined || at === outputAt) return;
        outputAt = at;
        // The output is newer than the last check. Its age by the node's clock is unreliable, because that clock may have been adjusted.
        const now = clock.now();
        idle.touch(Math.min(now, Math.max(askedAt, now - (clock.wall() - at))));
      })
      .catch(() => {})
      .finally(() => {
        asking = false;
        askedAt = clock.now();
        tick();
      });
  };

  const touch = (): void => {
    lastInputAt = clock.now();
    idle.touch(lastInputAt);
  };

  return {
    get state() {
      return state;
    },
    get lastInputAt() {
      return lastInputAt;
    },
    get ending() {
      return describe();
    },
    get saving() {
      return saving;
    },
    attached: () => {
      touch();
      tick();
    },
    typed: () => {
      touch();
      // This runs for every key. The timer notices the moved deadline itself, unless a page shows a countdown.
      if (announced) tick();
    },
    hold: () => {
      holds += 1;
      tick();
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        holds -= 1;
        idle.touch(clock.now());
        tick();
      };
    },
    finish: () => over('run'),
    learn: ({ now, idleTimeoutMs, expiresInMs }) => {
      idle.setTimeout(idleTimeoutMs, clock.now());
      // The answer may be seconds old.
      if (expiresInMs !== undefined) lifetime.learn(Date.parse(now) + expiresInMs - time.now(), clock.now());
      tick();
    },
    run: async (signal) => {
      const deleted = new Promise<'deleted'>((resolve) => {
        if (signal.aborted) resolve('deleted');
        signal.addEventListener('abort', () => resolve('deleted'), { once: true });
      });
      try {
        const first = await Promise.race([tmux.warm.then(() => 'warm' as const), deleted]);
        if (first === 'warm') {
          state = 'open';
          tick();
        }
        const expired = new Promise<EndReason>((resolve) => {
          over = resolve;
          tick();
        });
        const reason = await Promise.race([
          deleted,
          expired,
          exceeded.then(() => 'processes' as const),
          tmux.ended.then(() => 'exit' as const),
        ]);
        await end(reason, first === 'warm');
      } finally {
        clearTimeout(timer);
        await tmux.kill();
      }
      if (!signal.aborted) await haveDeleted(signal);
      await deleted;
    },
  };

  async function end(cause: EndReason, used: boolean): Promise<void> {
    clearTimeout(timer);
    const endAt = lifetime.deadline()?.endAt ?? Number.POSITIVE_INFINITY;
    state = cause === 'deleted' && clock.now() >= endAt - lifetimeToleranceMs ? 'lifetime' : cause;
    announced = undefined;
    const reason = state === 'deleted' ? ((await whoEnded()) ?? state) : state;
    state = reason;
    log.info({ reason }, 'session ended');
    await endRuns(reason);
    const saved = used
      ? await beforeExit((output) => {
          saving = { reason, output };
          pages.saving(saving);
        })
      : undefined;
    saving = undefined;
    pages.ended(reason, saved);
  }

  /** The reason that the manager keeps for a page that was asleep. */
  function describeEnd(): SessionEnd | undefined {
    const end = { reason: state, ...(state === 'idle' && { idleMs: idle.timeoutMs }) };
    return sessionEndSchema.safeParse(end).data;
  }

  async function haveDeleted(signal: AbortSignal): Promise<void> {
    const why = describeEnd();
    try {
      await retry((deadline) => deleteSelf(why, deadline), {
        signal,
        firstMs: 100,
        maxMs: 10_000,
        onFirstFailure: (error) => log.warn({ err: error }, 'could not ask the manager to delete this pod; retrying'),
      });
      log.info('the manager has accepted the deletion of this pod');
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
