// A soak: rounds of a storm, in which visitors come and go during faults, and a calm, in which everything must recover. Every event of
// every pod is checked at once.

import { generateKeyPairSync } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../bench/simulate/random.ts';
import { noAddressLimits } from '../local/pool.ts';
import { createTransport } from '../manager/kubernetes/transport.ts';
import { createAdministrator } from './administrator.ts';
import { createCalm, type Quiet } from './calm.ts';
import { createClusterFaults } from './cluster-faults.ts';
import { describeViolation } from './describe-violation.ts';
import { createFairClock } from './fair-clock.ts';
import { createFaults, type FaultKind } from './faults.ts';
import { startFaultyProxy } from './faulty-proxy.ts';
import { watchPods } from './history.ts';
import { createIdleWatch, idleBoundMs } from './idle-watch.ts';
import { Checker, type Violation } from './invariants.ts';
import { createAnswerJudge } from './judge-answers.ts';
import { createLosses } from './losses.ts';
import { createLogBook, startManager } from './managers.ts';
import type { Pace } from './pace.ts';
import { describePodFaults } from './pod-faults.ts';
import { describePoolFaults } from './pool-faults.ts';
import { storm } from './storm.ts';
import { createTerminals } from './terminals.ts';
import { createVisitors } from './visitors.ts';
import type { World } from './world.ts';

export type SoakOptions = {
  world: World;
  directory: string;
  seed: number;
  ms: number;
  pace: Pace;
  say: (text: string) => void;
  /** Aborted to end it early. */
  signal: AbortSignal;
};

/** The longest time for an answer: the token review, the visitor's wait, a last write and a read of its result. */
const claimTimeoutMs = 10_000;
const apiTimeoutMs = 5_000;
const answerWithinMs = claimTimeoutMs + 3 * apiTimeoutMs + 1_000;
// A watch that keeps failing is restarted every ten seconds, and then has to list.
const knownWithinMs = 20_000;
// A busy machine may delay a write beyond its timeout. The check is for a wrong clock.
const claimEffectMs = 90_000;
const managerCount = 3;
/** A manager logs an action a moment after it. */
const toldAfterMs = 3_000;
const clusterFaultGapMs = 2_500;

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
  const untold = new Set<() => void>();
  const logBook = createLogBook();
  const quiet: Quiet = { since: undefined, writes: [] };
  const totals = { kills: 0, pauses: 0, cuts: 0, clocks: 0, rounds: 0, slowestMs: 0 };
  /** How often each invariant was checked besides the events. */
  const checks = new Map<string, number>();
  const checked = (invariant: string, times = 1) => checks.set(invariant, (checks.get(invariant) ?? 0) + times);

  mkdirSync(directory, { recursive: true });
  process.env.KUBECONFIG = world.kubeconfig;
  const transport = createTransport({ namespace: world.namespace, deadlineMs: 10_000 });
  const signingKey = join(directory, 'signing-key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(signingKey, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });

  const settings = {
    spare: String(pace.spare),
    min: '0',
    max: String(pace.max),
    connectTimeout: `${pace.connectTimeoutMs}ms`,
    maxLifetime: `${pace.maxLifetimeMs}ms`,
    scaleDownDelay: '10s',
    ...noAddressLimits,
  };
  await world.createPool(settings);
  const formerLists = new Map<string, string[]>();
  const managers = await Promise.all(
    Array.from({ length: managerCount }, async (_, index) => {
      const name = `manager-${index}`;
      const proxy = await startFaultyProxy({
        kubeconfig: world.kubeconfig,
        rewriteTo: join(directory, `${name}.kubeconfig`),
        faults,
        formerLists,
        onWrite: (write) => {
          if (quiet.since !== undefined) quiet.writes.push(write);
        },
      });
      const { namespace } = world;
      return startManager({ name, directory, proxy, signingKey, namespace, host: '127.0.0.1', onLog: logBook.add });
    }),
  );

  const lives = (uid: string) => {
    const pod = checker.pods.get(uid);
    return pod !== undefined && pod.terminatingSince === undefined && pod.endedSince === undefined;
  };
  const terminals = createTerminals({
    managers: () => managers.map(({ url }) => url),
    random: part(),
    podToken: world.podToken,
    reportMs: pace.reportMs,
    idleMs: pace.idleMs,
    lives,
  });
  const losses = createLosses({
    knownWithinMs,
    hasAskedSince: (visitor, time) => visitors.hasAskedSince(visitor, time),
  });
  const administrator = createAdministrator({ transport, random: part(), spare: pace.spare });
  const checker: Checker = new Checker(
    {
      askedToEnd: (visitor) => visitors.askedToEnd(visitor),
      endedItself: terminals.endedItself,
      administrator: administrator.hasDeleted,
      clusterFault: losses.causeOfEnd,
      connectedAt: terminals.connectedAt,
      heardOf: terminals.heardOf,
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
  const judge = createAnswerJudge({
    checker,
    losses,
    transport,
    quiet,
    knownWithinMs,
    askedToEnd: (visitor) => visitors.askedToEnd(visitor),
    checked,
    violate,
  });
  let token = await world.webserverToken();
  const visitors = createVisitors({
    managers,
    terminals,
    token: () => token,
    random: part(),
    deadlineMs: answerWithinMs,
    stayMs: pace.stayMs,
    lives,
    onAnswer: judge.onAnswer,
    onSilence: ({ hash }, manager, waited) =>
      violate({ invariant: '12', what: `${manager} let ${hash} wait for ${Math.round(waited)} ms`, uids: [] }),
    onFinalError: judge.onFinalError,
  });

  function violate(violation: Violation): void {
    // Visitors who remain after the managers and the history have stopped are not checked.
    if (over.signal.aborted && violation.invariant !== 'history') return;
    violations.push(violation);
    if (violations.length > 20) return;
    const tell = () => {
      clearTimeout(timer);
      untold.delete(tell);
      say(describeViolation(violation, { checker, logBook, startedAt, seed }));
    };
    const timer = setTimeout(tell, toldAfterMs);
    untold.add(tell);
  }

  const faultOptions = { world, transport, checker, losses, faults, random: part(), settings };
  // Faults of a pool and faults of its pods may overlap.
  const clusterFaults = [
    describePoolFaults(faultOptions),
    describePodFaults({ ...faultOptions, administrator, terminals }),
  ].map((faults) =>
    createClusterFaults({
      faults,
      random: part(),
      meanGapMs: clusterFaultGapMs,
      log: (text) => logBook.add({ manager: 'soak', at: performance.now(), text: `cluster fault: ${text}` }),
    }),
  );
  const clock = createFairClock(managers);
  const idleWatch = createIdleWatch({ checker, clock, visitors, losses, transport, checked, violate });
  const stormy = {
    clock,
    clusterFaults,
    managers,
    visitors,
    administrator,
    faults,
    checker,
    pace,
    totals,
    random,
    part,
  };
  const calm = createCalm({
    ...stormy,
    transport,
    logBook,
    quiet,
    token: () => token,
    checked,
    violate,
    signal: over.signal,
  });

  const watching = watchPods(transport, (event) => checker.observe(event), over.signal);
  const failed = watching.then(
    () => {},
    (error: unknown) => {
      violate({ invariant: 'history', what: String(error), uids: [] });
      over.abort();
    },
  );
  const watchers = [clock.run(over.signal), idleWatch.run(over.signal)];
  try {
    while (performance.now() - startedAt < ms && !over.signal.aborted) {
      token = await world.webserverToken();
      await storm(stormy, over.signal);
      if (over.signal.aborted) break;
      await calm();
      totals.rounds++;
      checker.forget(performance.now() - 120_000);
      say(progress());
    }
  } finally {
    over.abort();
    for (const tell of untold) tell();
    for (const manager of managers) manager.proxy.mend();
    await Promise.all([failed, ...watchers, terminals.close(), ...managers.map((manager) => manager.close())]);
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
      `faults of the cluster: ${clusterFaults.map((each) => table(each.counts())).join(', ')}`,
      `managers: ${totals.kills} kills, ${totals.pauses} pauses, ${totals.clocks} clock jumps`,
      `administrator: ${table(administrator.counts())}`,
      `sessions ended by: ${table(checker.ends)}`,
      `all was right again within ${(totals.slowestMs / 1_000).toFixed(1)} s of the last fault`,
      `longest wait of a visitor beside an idle pod: ${(idleWatch.longestMs() / 1_000).toFixed(1)} s, of ${idleBoundMs / 1_000} s allowed`,
      `checks: ${table(checks)}`,
      `sent to another terminal while faults hid the first: ${judge.totals.doubles}`,
    ].join('\n');
  }
}
