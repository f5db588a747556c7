// The expected times that visitors in the queue see, over random runs of several managers on one cluster.

import test from 'ava';
import fc from 'fast-check';
import type { ClaimResult, Waiting } from '../../../manager/claims/types.ts';
import { histories } from '../../helpers/long.ts';
import { requestBy, settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster, nextTurn } from '../../helpers/model-cluster.ts';
import { ToldVisitor } from '../../helpers/promises.ts';

type Step =
  | { do: 'come' | 'go' | 'end'; visitor: number }
  | { do: 'become-ready' | 'stick' | 'free'; pod: number }
  | { do: 'max'; max: number }
  | { do: 'lifetime'; hours: number }
  | { do: 'node'; cordoned: boolean }
  | { do: 'kill'; manager: number }
  | { do: 'pass'; seconds: number };

const managerCount = 2;
const most = 6;
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('come' as const), visitor: fc.nat(11) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('go' as const), visitor: fc.nat(11) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('end' as const), visitor: fc.nat(11) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('become-ready' as const), pod: fc.nat(most - 1) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('stick' as const, 'free' as const), pod: fc.nat(most - 1) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('max' as const), max: fc.integer({ min: 1, max: most }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lifetime' as const), hours: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('node' as const), cordoned: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), manager: fc.nat(managerCount - 1) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 200 }) }) },
);

type Visitor = { told: ToldVisitor; disconnect: AbortController; answer: ClaimResult | Waiting | undefined };

async function run(steps: Step[]): Promise<number> {
  const time = { now: 1_000_000 };
  const settings = { 'warmterm.dev/spare': '0', 'warmterm.dev/max': '3', 'warmterm.dev/connect-timeout': '4h' };
  const model = new ModelCluster({ annotations: settings, clock: () => time.now });
  const start = () => startManager(model, { clock: () => time.now });
  const managers = Array.from({ length: managerCount }, start);
  const visitors = new Map<string, Visitor>();
  let asked = 0;
  let answers = 0;

  /** Claims at the next manager, as a client does after any answer. */
  const ask = (name: string, told = new ToldVisitor()) => {
    const visitor: Visitor = { told, disconnect: new AbortController(), answer: undefined };
    visitors.set(name, visitor);
    const { claims } = managers[asked++ % managerCount]!;
    claims.claim(requestBy(name, { clientGone: visitor.disconnect.signal })).then(
      (answer) => {
        visitor.answer = answer;
      },
      () => {},
    );
  };

  const leave = (name: string) => {
    visitors.get(name)?.disconnect.abort();
    visitors.delete(name);
  };

  const look = async () => {
    for (const { pools } of managers) for (const pool of pools.all()) pool.changed();
    for (let turn = 0; turn < 8; turn++) await nextTurn();
    for (const { port } of managers) port.deliver();
    for (let turn = 0; turn < 4; turn++) await nextTurn();
    for (const [name, { answer, told }] of [...visitors]) {
      if (answer?.status !== 'waiting') continue;
      answers++;
      told.tell(answer, time.now);
      ask(name, told);
    }
    for (const [name, { answer }] of [...visitors]) if (answer && answer.status !== 'waiting') visitors.delete(name);
  };

  async function perform(step: Step): Promise<void> {
    const name = 'visitor' in step ? `visitor-${step.visitor}` : '';
    if (step.do === 'come' && !visitors.has(name)) ask(name);
    if (step.do === 'go') leave(name);
    if (step.do === 'end') await managers[0]!.claims.end(name).catch(() => {});
    if ('pod' in step) {
      const podName = `default-${step.pod}`;
      if (step.do === 'stick') model.stuck.set(podName, { reason: 'CrashLoopBackOff', message: '' });
      if (step.do === 'free') model.stuck.delete(podName);
      const pod = model.pods.get(podName);
      if (step.do === 'become-ready' && pod?.terminating) model.remove(podName);
      if (step.do === 'become-ready' && pod && model.canBeReady(pod) && !pod.ready) model.become(podName);
      model.reconcile();
    }
    const set = (key: string, value: string) =>
      model.setPool({ annotations: { ...model.pool.annotations, [`warmterm.dev/${key}`]: value } });
    if (step.do === 'max') set('max', String(step.max));
    if (step.do === 'lifetime') set('max-lifetime', `${step.hours}h`);
    if (step.do === 'node') model.setNode('node-2', { cordoned: step.cordoned });
    if (step.do === 'kill') {
      const [killed] = managers.splice(step.manager, 1, start());
      await killed!.stop();
      // Every client claims again.
      for (const [each, { told, disconnect }] of [...visitors]) {
        disconnect.abort();
        ask(each, told);
      }
    }
    for (let left = step.do === 'pass' ? step.seconds : 1; left > 0; left -= 10) {
      time.now += Math.min(left, 10) * 1_000;
      await look();
    }
  }

  try {
    await settle(model, ...managers);
    for (const each of steps) await perform(each);
  } finally {
    for (const name of [...visitors.keys()]) leave(name);
    await Promise.all(managers.map(({ stop }) => stop()));
  }
  return answers;
}

test('inv 12: queue: an expected time rises only with a cause, over managers and restarts', async (t) => {
  let answers = 0;
  const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
    answers += await run(steps);
  });
  await t.notThrowsAsync(() => fc.assert(property, histories(t, { short: 60, long: 2_000 })));
  t.log(`${answers} answers`);
  t.true(answers > 1_000);
});
