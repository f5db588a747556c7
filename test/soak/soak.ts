// A soak: rounds of a storm, in which visitors come and go while everything goes wrong, and a calm, in which all must come
// right again. Every event of every pod is judged as it comes.

import { generateKeyPairSync } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startDeadline } from '../../common/deadline.ts';
import { requestJson } from '../../common/http/client.ts';
import { paths, type Terminal, terminalSchema } from '../../common/manager-api.ts';
import { managerLease } from '../../common/names.ts';
import { createTransport } from '../../manager/cluster/transport.ts';
import { createRandom, exponential } from '../bench/simulate/random.ts';
import { createAdministrator } from './administrator.ts';
import { createFaults, type FaultKind } from './faults.ts';
import { startFaultyProxy, type Write } from './faulty-proxy.ts';
import { watchPods } from './history.ts';
import { Checker, type Violation } from './invariants.ts';
import { createLogBook, startManager } from './managers.ts';
import { createTerminals } from './terminals.ts';
import { type Answer, createVisitors } from './visitors.ts';
import type { World } from './world.ts';

export type Pace = {
  spare: number;
  max: number;
  visitorsPerSecond: number;
  stayMs: number;
  stormMs: number;
  /** Within so long all must have come right. */
  calmMs: number;
  connectTimeoutMs: number;
  maxLifetimeMs: number;
  idleMs: number;
  reportMs: number;
};

export const localPace: Pace = {
  spare: 6,
  max: 60,
  visitorsPerSecond: 2.5,
  stayMs: 12_000,
  stormMs: 40_000,
  calmMs: 60_000,
  connectTimeoutMs: 30_000,
  maxLifetimeMs: 75_000,
  idleMs: 6_000,
  reportMs: 2_000,
};

// A real API server does more for each request, and beside it there is a cluster.
export const clusterPace: Pace = {
  ...localPace,
  max: 40,
  visitorsPerSecond: 1,
  stormMs: 50_000,
  calmMs: 60_000,
};

export type SoakOptions = {
  world: World;
  directory: string;
  seed: number;
  ms: number;
  pace: Pace;
  say: (text: string) => void;
  /** Aborted when it is to end before its time. */
  signal: AbortSignal;
};

/** What a manager may take for an answer: the caller's token, the visitor's wait, a last write and a look at what came of it. */
const claimTimeoutMs = 10_000;
const apiTimeoutMs = 5_000;
const answerWithinMs = claimTimeoutMs + 3 * apiTimeoutMs + 1_000;
const longestPauseMs = 15_000;
// A watch that fails again and again is taken up every ten seconds, and then has to tell what there is.
const knownWithinMs = 20_000;
// A machine that is busy may hold a write up for longer than anybody waits for it. What is looked for is a wrong clock.
const claimEffectMs = 90_000;
const managerCount = 3;

export type SoakReport = {
  checks: Map<string, number>;
  violations: Violation[];
  text: string;
};

export async function soak({ world, directory, seed, ms, pace, say, signal }: SoakOptions): Promise<SoakReport> {
  const random = createRandom(seed);
  const part = () => createRandom(Math.floor(random() * 2 ** 32));
  const faults = createFaults(part());
  const startedAt = performance.now();
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  signal.addEventListener('abort', () => over.abort(), { once: true });
  const violations: Violation[] = [];
  const logBook = createLogBook();
  let calmSince: number | undefined;
  const totals = { kills: 0, pauses: 0, cuts: 0, clocks: 0, rounds: 0, doubles: 0, slowestMs: 0 };
  /** How often each invariant was put to the test beyond the events. */
  const checks = new Map<string, number>();
  const checked = (invariant: string, times = 1) => checks.set(invariant, (checks.get(invariant) ?? 0) + times);

  mkdirSync(directory, { recursive: true });
  process.env.KUBECONFIG = world.kubeconfig;
  const transport = createTransport({ namespace: world.namespace, deadlineMs: 10_000 });
  const signingKey = join(directory, 'signing-key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(signingKey, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });

  await world.createPool({
    spare: String(pace.spare),
    min: '0',
    max: String(pace.max),
    connectTimeout: `${pace.connectTimeoutMs}ms`,
    maxLifetime: `${pace.maxLifetimeMs}ms`,
    scaleDownDelay: '10s',
  });
  const formerLists = new Map<string, string[]>();
  let writes: Write[] = [];
  const managers = await Promise.all(
    Array.from({ length: managerCount }, async (_, index) => {
      const name = `manager-${index}`;
      const proxy = await startFaultyProxy({
        kubeconfig: world.kubeconfig,
        rewriteTo: join(directory, `${name}.kubeconfig`),
        faults,
        formerLists,
        onWrite: (write) => {
          if (calmSince !== undefined) writes.push(write);
        },
      });
      const { namespace } = world;
      return startManager({ name, directory, proxy, signingKey, namespace, host: '127.0.0.1', onLog: logBook.add });
    }),
  );

  const lives = (uid: string) => {
    const pod = checker.pods.get(uid);
    return pod !== undefined && pod.terminatingSince === undefined;
  };
  const terminals = createTerminals({
    managers: () => managers.map(({ url }) => url),
    random: part(),
    podToken: world.podToken,
    reportMs: pace.reportMs,
    idleMs: pace.idleMs,
    lives,
  });
  const administrator = createAdministrator({ transport, random: part(), spare: pace.spare });
  const checker: Checker = new Checker(
    {
      askedToEnd: (visitor) => visitors.askedToEnd(visitor),
      endedItself: terminals.endedItself,
      administrator: administrator.hasDeleted,
      connectedAt: terminals.connectedAt,
      silentSince: terminals.silentSince,
    },
    {
      connectTimeoutMs: pace.connectTimeoutMs,
      maxLifetimeMs: pace.maxLifetimeMs,
      silenceMs: 3 * pace.reportMs,
      claimMs: claimEffectMs,
    },
    violate,
  );
  let token = await world.webserverToken();
  const visitors = createVisitors({
    managers,
    terminals,
    token: () => token,
    random: part(),
    deadlineMs: answerWithinMs,
    stayMs: pace.stayMs,
    lives,
    onAnswer,
    onSilence: ({ hash }, manager, waited) =>
      violate({ invariant: '12', what: `${manager} let ${hash} wait for ${Math.round(waited)} ms`, uids: [] }),
    onWrongAnswer: (what) => violate({ invariant: '10', what, uids: [] }),
  });

  function violate(violation: Violation): void {
    // Those who are still there when the managers and the history have been ended prove nothing.
    if (over.signal.aborted && violation.invariant !== 'history') return;
    violations.push(violation);
    if (violations.length > 20) return;
    say(describeViolation(violation));
  }

  function describeViolation({ invariant, what, uids }: Violation): string {
    const pods = uids.map((uid) => checker.pods.get(uid)).filter((pod) => pod !== undefined);
    const visitorsOfThem = new Set(
      pods.map(({ events }) => events.at(-1)?.visitor).filter((visitor) => visitor !== undefined),
    );
    const all = new Set([...pods, ...[...visitorsOfThem].flatMap((visitor) => checker.historiesOf(visitor))]);
    const events = [...all].flatMap(({ events }) => events).sort((a, b) => a.at - b.at);
    const ago = (at: number) => `${((at - startedAt) / 1_000).toFixed(3)} s`;
    const lines = events.map((event) => {
      const { at, type, name, uid, version, claimed, visitor, claimedAt, connectedAt, ready, terminating } = event;
      return `  ${ago(at)} ${type} ${name} ${uid} v${version} claimed=${claimed} visitor=${visitor?.slice(0, 8)} since=${claimedAt?.slice(11)} connected=${connectedAt ?? '-'} ready=${ready} terminating=${terminating}`;
    });
    const names = [...all].map(({ name }) => name);
    const [from = 0, to = 0] = [events[0]?.at, events.at(-1)?.at];
    const log = logBook
      .about([...names, ...visitorsOfThem, '"leads'])
      .filter(({ at }) => at >= from && at <= to + 5_000)
      .map(({ at, manager, text }) => `  ${ago(at)} ${manager}: ${shorten(text)}`);
    return [
      `VIOLATION of ${invariant} after ${ago(performance.now())}, seed ${seed}: ${what}`,
      ...lines,
      ...log.slice(-40),
    ].join('\n');
  }

  function onAnswer({ visitor, claim, manager, askedAt }: Answer): void {
    const former = visitor.terminal;
    const [, payload = ''] = claim.ticket.split('.');
    const ticket = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { aud: string; sub: string };
    checked('8');
    if (ticket.aud !== claim.uid || ticket.sub !== visitor.hash)
      violate({
        invariant: '8',
        what: `a ticket of ${visitor.hash} is for ${ticket.sub} at ${ticket.aud}`,
        uids: [claim.uid],
      });
    void handedOut(visitor.hash, claim.uid);
    if (!former || former.uid === claim.uid || visitors.askedToEnd(visitor.hash)) return;
    checked('2');
    const pod = checker.pods.get(former.uid);
    const next = checker.pods.get(claim.uid);
    if (!pod || pod.terminatingSince !== undefined) return;
    // Of two that a visitor was given, the older is the one to go back to.
    if ((next?.claimedSince ?? Number.POSITIVE_INFINITY) < (pod.claimedSince ?? 0)) return;
    totals.doubles++;
    // A manager whose watch is held up cannot know; without faults it must.
    const since = askedAt - knownWithinMs;
    if (calmSince !== undefined && since > calmSince && manager.ranSince(since))
      violate({
        invariant: '2',
        what: `${visitor.hash} had a terminal, and was sent to another`,
        uids: [former.uid, claim.uid],
      });
  }

  /** The pod that was handed to the visitor must be the visitor's. The history may hear of it a little later. */
  async function handedOut(hash: string, uid: string): Promise<void> {
    checked('1');
    for (let tries = 0; tries < 50; tries++) {
      const pod = checker.pods.get(uid);
      const visitor = pod?.events.at(-1)?.visitor;
      if (visitor === hash) return;
      if (visitor !== undefined) break;
      await delay(100);
    }
    violate({ invariant: '1', what: `${uid} was handed to ${hash}, whose it is not`, uids: [uid] });
  }

  async function eachNow(everyMs: number, signal: AbortSignal, act: () => void | Promise<void>): Promise<void> {
    const chance = part();
    while (!signal.aborted) {
      await delay(exponential(chance, everyMs), undefined, { signal }).catch(() => {});
      if (!signal.aborted) await act();
    }
  }

  const pick = <T>(items: T[]): T => items[Math.floor(random() * items.length)]!;

  async function storm(): Promise<void> {
    const { signal: end } = startDeadline(pace.stormMs, over.signal);
    setMaxListeners(0, end);
    const heavy = random();
    faults.set({ requests: 0.02 + 0.2 * heavy, events: 0.01 + 0.08 * heavy });
    await Promise.all([
      visitors.open(pace.visitorsPerSecond, end),
      eachNow(9_000, end, () => {
        totals.kills++;
        pick(managers).kill();
      }),
      eachNow(25_000, end, () => {
        totals.pauses++;
        return pick(managers).pause(1_000 + random() * (longestPauseMs - 1_000));
      }),
      eachNow(15_000, end, () => {
        totals.cuts++;
        pick(managers).proxy.cut(500 + random() * 8_000);
      }),
      eachNow(12_000, end, () => {
        totals.clocks++;
        // By seconds, or by an hour; ahead or behind.
        const far = random() < 0.5 ? 3_600_000 : 20_000;
        pick(managers).setClock(Math.round((random() * 2 - 1) * far));
      }),
      eachNow(8_000, end, () => administrator.act().catch(() => {})),
      eachNow(20_000, end, () => {
        const all = [...checker.pods.values()].filter(({ terminatingSince }) => terminatingSince === undefined);
        return all.length > 0 ? administrator.deletePod(pick(all)) : undefined;
      }),
    ]);
    visitors.shut();
  }

  async function calm(): Promise<void> {
    faults.set(undefined);
    for (const manager of managers) {
      manager.proxy.mend();
      // A clock may stay wrong for good.
      if (random() < 0.7) manager.setClock(0);
    }
    await administrator.restoreSettings();
    calmSince = performance.now();
    const deadline = calmSince + pace.calmMs;
    for (;;) {
      const late = performance.now() > deadline;
      const wrong = await whatIsWrong();
      checked('convergence');
      if (wrong.length === 0) break;
      if (late) {
        for (const { what, uids } of wrong.slice(0, 3)) violate({ invariant: 'convergence', what, uids });
        break;
      }
      await delay(500);
    }
    totals.slowestMs = Math.max(totals.slowestMs, performance.now() - calmSince);
    await countWrites();
    calmSince = undefined;
    writes = [];
  }

  /** What is not yet as it should be without faults. */
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

  /** Asks one manager about every terminal: it must know what there is, whatever it has been through (inv 2, 3, 4). */
  async function whoseIsWhose(name: string, url: string): Promise<{ what: string; uids: string[] }[]> {
    const wrong: { what: string; uids: string[] }[] = [];
    const all = [...checker.inUse()];
    const ask = async ({ pod, visitor }: (typeof all)[number]): Promise<void> => {
      const who = visitors.known(visitor);
      if (who?.asking || visitors.askedToEnd(visitor) || checker.terminalsOf(visitor).length !== 1) return;
      const answer: Terminal | undefined = await requestJson({
        method: 'GET',
        url: `${url}${paths.terminal.replace('{visitor}', visitor)}`,
        token,
        answer: terminalSchema,
        deadlineMs: 5_000,
      }).catch(() => undefined);
      checked('3');
      // Somebody may have ended it meanwhile.
      if (answer?.uid === pod.uid || pod.terminatingSince !== undefined) return;
      wrong.push({ what: `${name} says that ${visitor} has ${answer?.uid ?? 'nothing'}`, uids: [pod.uid] });
    };
    await Promise.all(all.map(ask));
    return wrong;
  }

  async function readLease(): Promise<string | undefined> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${world.namespace}/leases/${managerLease}`;
    const lease = await transport
      .request<{ spec: { holderIdentity?: string } }>({ method: 'GET', path })
      .catch(() => undefined);
    return lease?.spec.holderIdentity || undefined;
  }

  async function countPlaces(): Promise<number> {
    const path = `/api/v1/namespaces/${world.namespace}/configmaps/default-waiting`;
    const room = await transport.request<{ data?: object }>({ method: 'GET', path }).catch(() => undefined);
    return Object.keys(room?.data ?? {}).length;
  }

  function countReady(): number {
    return [...checker.pods.values()].filter(
      ({ terminatingSince, claimedSince, events }) =>
        terminatingSince === undefined &&
        claimedSince === undefined &&
        events.at(-1)?.ready &&
        events.at(-1)?.claimed === 'false',
    ).length;
  }

  /**
   * Waits until more are ready than wait, and every manager has had the time to hear of it: a full pool is not wrong, and
   * visitors whose manager was killed keep their places for a while. Visitors leave, and sessions end, so it comes to that.
   */
  async function isRoom(): Promise<boolean> {
    const deadline = performance.now() + pace.calmMs + pace.maxLifetimeMs;
    for (let looks = 0; looks < 3; ) {
      looks = countReady() > (await countPlaces()) ? looks + 1 : 0;
      if (over.signal.aborted) return false;
      if (performance.now() > deadline) {
        violate({ invariant: 'convergence', what: 'no terminal is ready for whoever comes', uids: [] });
        return false;
      }
      await delay(200);
    }
    return true;
  }

  /** Without faults a claim of a ready pod is one write, and makes nothing (inv 11). */
  async function countWrites(): Promise<void> {
    for (let claims = 0; claims < 3; claims++) {
      if (!(await isRoom())) return;
      const visitor = visitors.arrive();
      writes = [];
      const before = { waiting: await countPlaces(), ready: countReady() };
      await visitors.claimOnce(visitor, paths.terminals).catch((error: unknown) => {
        violate({ invariant: '11', what: `a ready pool refused a claim: ${error}`, uids: [] });
      });
      if (!visitor.terminal) return;
      const { name } = visitor.terminal;
      // Whatever else goes on meanwhile is not about this visitor.
      const ours = writes.filter(({ body }) => body.includes(visitor.hash));
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

  const watching = watchPods(transport, (event) => checker.observe(event), over.signal);
  const failed = watching.then(
    () => {},
    (error: unknown) => {
      violate({ invariant: 'history', what: String(error), uids: [] });
      over.abort();
    },
  );
  try {
    while (performance.now() - startedAt < ms && !over.signal.aborted) {
      token = await world.webserverToken();
      await storm();
      if (over.signal.aborted) break;
      await calm();
      totals.rounds++;
      checker.forget(performance.now() - 120_000);
      say(progress());
    }
  } finally {
    over.abort();
    for (const manager of managers) manager.proxy.mend();
    await Promise.all([failed, terminals.close(), ...managers.map((manager) => manager.close())]);
    for (const { proxy } of managers) proxy.close();
    transport.close();
  }

  function progress(): string {
    const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
    const sum = [...faults.counts().values()].reduce((a, b) => a + b, 0);
    return `${minutes} min, round ${totals.rounds}: ${checker.claims} claims of ${visitors.counts.visitors} visitors, ${sum} faults, ${totals.kills} kills, ${violations.length} violations`;
  }

  return { checks, violations, text: describe() };

  function describe(): string {
    const table = (counts: ReadonlyMap<string, number>) =>
      [...counts]
        .sort(([, a], [, b]) => b - a)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ');
    const { counts } = visitors;
    return [
      progress(),
      `on ${world.name}, ${managerCount} managers, seed ${seed}`,
      `answers: ${counts.answers} terminals, of which ${counts.reconnections} known ones; slowest ${Math.round(counts.slowestMs)} ms; ${counts.places} places in line; ${counts.givenUp} visitors gave up`,
      `told to try again, or not reached: ${table(visitors.refusals)}`,
      `reports of terminals: ${table(terminals.counts)}`,
      `faults: ${table(faults.counts() as ReadonlyMap<FaultKind, number>)}, ${totals.cuts} cuts`,
      `managers: ${totals.kills} kills, ${totals.pauses} pauses, ${totals.clocks} clock jumps`,
      `administrator: ${table(administrator.counts())}`,
      `sessions ended by: ${table(checker.ends)}`,
      `all was right again within ${(totals.slowestMs / 1_000).toFixed(1)} s of the last fault`,
      `sent to another terminal while faults hid the first: ${totals.doubles}`,
    ].join('\n');
  }
}

/** A line of a log without where in the program an error was. */
function shorten(text: string): string {
  try {
    const { msg, level, time, service, err, ...rest } = JSON.parse(text) as Record<string, unknown>;
    const why = err ? ` (${(err as { message?: string }).message})` : '';
    return `${msg}${why} ${JSON.stringify(rest)}`;
  } catch {
    return text;
  }
}
