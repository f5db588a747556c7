// The calm: after the faults, everything must recover within a time limit. Then a claim must have its usual cost.

import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../bench/simulate/random.ts';
import { requestJson } from '../common/http/client.ts';
import { paths, poolsSchema, type Terminal, terminalSchema } from '../common/manager-api.ts';
import { leaseOf } from '../common/names.ts';
import type { Transport } from '../manager/kubernetes/transport.ts';
import type { Administrator } from './administrator.ts';
import type { FairClock } from './fair-clock.ts';
import type { Faults } from './faults.ts';
import type { Write } from './faulty-proxy.ts';
import { type Checker, isLive, type Violation } from './invariants.ts';
import type { LogBook, Manager } from './managers.ts';
import type { Pace } from './pace.ts';
import { checkOrder } from './queue-order.ts';
import type { Visitors } from './visitors.ts';

/** The start of the time without faults, undefined during faults; and the writes of managers since. */
export type Quiet = { since: number | undefined; writes: Write[] };

export type CalmOptions = {
  managers: Manager[];
  clock: FairClock;
  visitors: Visitors;
  administrator: Administrator;
  faults: Faults;
  checker: Checker;
  transport: Transport;
  logBook: LogBook;
  pace: Pace;
  random: Random;
  quiet: Quiet;
  totals: { slowestMs: number };
  /** The token of a webserver. */
  token: () => string;
  /** An invariant was checked. */
  checked: (invariant: string) => void;
  violate: (violation: Violation) => void;
  signal: AbortSignal;
};

/** Returns a function that runs a calm. */
export function createCalm(options: CalmOptions): () => Promise<void> {
  const { managers, clock, visitors, administrator, faults, checker, transport, logBook, pace, random, quiet, totals } =
    options;
  const { token, checked, violate, signal } = options;

  let calms = 0;

  async function calm(): Promise<void> {
    faults.set(undefined);
    for (const manager of managers) {
      manager.proxy.mend();
      // A clock may stay wrong permanently.
      if (random() < 0.7) manager.setClock(0);
    }
    await administrator.restoreSettings();
    const since = performance.now();
    quiet.since = since;
    const deadline = clock.all() + pace.calmMs;
    for (;;) {
      const late = clock.all() > deadline;
      const wrong = await whatIsWrong();
      checked('convergence');
      if (wrong.length === 0 || signal.aborted) break;
      if (late) {
        for (const { what, uids } of wrong.slice(0, 3)) violate({ invariant: 'convergence', what, uids });
        break;
      }
      await delay(500);
    }
    totals.slowestMs = Math.max(totals.slowestMs, performance.now() - since);
    await countWrites();
    if (++calms % 2 === 1 && (await hasRoom())) await checkOrder(options);
    quiet.since = undefined;
    quiet.writes = [];
  }

  /** Problems that remain without faults. */
  async function whatIsWrong(): Promise<{ what: string; uids: string[] }[]> {
    const told = await Promise.all(managers.map(({ name, url }) => whoseIsWhose(name, url)));
    const wrong = told.flat();
    const now = performance.now();
    for (const manager of managers)
      if (!(await manager.isReady()))
        wrong.push({ what: `${manager.name} is not ready: ${logBook.last(manager.name)}`, uids: [] });
    const inUse = [...checker.inUse()];
    const live = [...checker.pods.values()].filter(({ terminatingSince }) => terminatingSince === undefined);
    const ready = countReady();
    const wanted = Math.min(pace.spare, pace.max - inUse.length);
    if (ready < wanted) wrong.push({ what: `${ready} are ready, ${wanted} are to be`, uids: [] });
    for (const { name, uid, endedSince, leftPoolSince } of live)
      if (endedSince !== undefined && leftPoolSince === undefined)
        wrong.push({ what: `${name} has ended, and is not replaced`, uids: [uid] });
    const over = live.filter(
      ({ claimedSince }) => claimedSince !== undefined && now > claimedSince + pace.maxLifetimeMs + 5_000,
    );
    for (const { name, uid } of over) wrong.push({ what: `${name} has outlived its lifetime`, uids: [uid] });
    for (const { pod, visitor } of inUse) {
      const all = checker.terminalsOf(visitor);
      if (all.length > 1)
        wrong.push({ what: `${visitor} has ${all.length} terminals`, uids: all.map(({ uid }) => uid) });
      const who = visitors.known(visitor);
      const forgotten = who?.terminal?.uid !== pod.uid && !who?.asking;
      if (forgotten && now > (pod.claimedSince ?? 0) + pace.connectTimeoutMs + 5_000)
        wrong.push({ what: `${pod.name} is claimed, and its visitor does not know`, uids: [pod.uid] });
    }
    const lease = await readLease();
    checked('4');
    if (!lease) wrong.push({ what: 'nobody leads', uids: [] });
    return wrong;
  }

  /** Asks one manager about every terminal. It must know all existing ones after any faults (inv 2, 3, 4). */
  async function whoseIsWhose(name: string, url: string): Promise<{ what: string; uids: string[] }[]> {
    const wrong: { what: string; uids: string[] }[] = [];
    const all = [...checker.inUse()];
    const ask = async ({ pod, visitor }: (typeof all)[number]): Promise<void> => {
      const who = visitors.known(visitor);
      if (who?.asking || visitors.askedToEnd(visitor) || checker.terminalsOf(visitor).length !== 1) return;
      const answer: Terminal | undefined = await requestJson({
        method: 'GET',
        url: `${url}${paths.terminal.replace('{visitor}', visitor)}`,
        token: token(),
        answer: terminalSchema,
        deadlineMs: 5_000,
      }).catch(() => undefined);
      checked('3');
      // The session may have ended meanwhile.
      if (answer?.uid === pod.uid || !isLive(pod)) return;
      wrong.push({ what: `${name} says that ${visitor} has ${answer?.uid ?? 'nothing'}`, uids: [pod.uid] });
    };
    await Promise.all(all.map(ask));
    return wrong;
  }

  async function readLease(): Promise<string | undefined> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${transport.namespace}/leases/${leaseOf()}`;
    const lease = await transport
      .request<{ spec: { holderIdentity?: string } }>({ method: 'GET', path })
      .catch(() => undefined);
    return lease?.spec.holderIdentity || undefined;
  }

  function countReady(): number {
    return [...checker.pods.values()].filter(
      (pod) =>
        isLive(pod) &&
        pod.claimedSince === undefined &&
        pod.events.at(-1)?.ready &&
        pod.events.at(-1)?.claimed === 'false',
    ).length;
  }

  /**
   * What the managers report of the pool once each of them counts a spare beyond the waiting visitors; undefined if that is never
   * so. A full pool is correct, and visitors of a killed manager keep their positions for a while; but visitors
   * leave, and sessions end.
   */
  async function hasRoom(): Promise<{ ready: number; waiting: number }[] | undefined> {
    const deadline = clock.all() + pace.calmMs + pace.maxLifetimeMs;
    while (!signal.aborted) {
      const told = await Promise.all(managers.map(({ url }) => readPool(url)));
      if (told.every(({ ready, waiting }) => ready >= waiting + pace.spare)) return told;
      if (clock.all() > deadline) {
        violate({ invariant: 'convergence', what: `no spare for whoever comes: ${JSON.stringify(told)}`, uids: [] });
        return undefined;
      }
      await delay(100);
    }
    return undefined;
  }

  async function readPool(url: string): Promise<{ ready: number; waiting: number }> {
    const request = { method: 'GET', url: url + paths.pools, token: token(), answer: poolsSchema } as const;
    const told = await requestJson({ ...request, deadlineMs: 5_000 }).catch(() => undefined);
    const { ready = 0, waiting = 0 } = told?.pools[0] ?? {};
    return { ready, waiting };
  }

  /** Without faults, a claim of a ready pod is one write and creates nothing (inv 11). */
  async function countWrites(): Promise<void> {
    for (let claims = 0; claims < 3; claims++) {
      const before = await hasRoom();
      if (!before) return;
      const visitor = visitors.arrive();
      quiet.writes = [];
      await visitors.claimOnce(visitor, paths.terminals).catch((error: unknown) => {
        violate({ invariant: '11', what: `a ready pool refused a claim: ${error}`, uids: [] });
      });
      if (!visitor.terminal) return;
      const { name } = visitor.terminal;
      // Other events do not concern this visitor.
      const ours = quiet.writes.filter(({ body }) => body.includes(visitor.hash));
      checked('11');
      const done = ours.filter(({ status }) => status < 300);
      const wrong =
        done.length !== 1 || ours.some(({ method, path }) => method !== 'PATCH' || !path.includes('/pods/'));
      if (wrong)
        violate({
          invariant: '11',
          what: `a claim of ${name} took ${ours.map(({ method, path }) => `${method} ${path}`)}; before: ${JSON.stringify(before)}`,
          uids: [],
        });
      await visitors.end(visitor);
      visitor.here = false;
    }
  }

  return calm;
}
