import test from 'ava';
import type { PodStatus } from '../../../common/manager-api.ts';
import { describePod, duration, sortPods, summary } from '../../../frontend/host/describe.ts';
import { somePools } from '../../helpers/webserver-manager.ts';

const now = Date.UTC(2026, 0, 1, 12);
const before = (minutes: number) => new Date(now - minutes * 60_000).toISOString();

const pod = (rest: Partial<PodStatus>): PodStatus => ({
  name: 'workshop-0',
  ordinal: 0,
  state: 'in-use',
  claimedAt: before(30),
  connectedAt: before(30),
  connections: 1,
  lastInputAt: before(1),
  ...rest,
});
const never = { connectedAt: undefined, connections: undefined, lastInputAt: undefined };

const described = test.macro({
  exec(t, rest: Partial<PodStatus>, expected: string) {
    const { state, since, people, lastInput, attention } = describePod(pod(rest), now);
    t.is([state, since, people, lastInput, attention ?? ''].join(' | '), expected);
  },
  title: (name = '') => name,
});

test('an active visitor', described, {}, 'In use | 30 min | 1 browser | 1 min ago | ');
test('two browsers at one terminal', described, { connections: 2 }, 'In use | 30 min | 2 browsers | 1 min ago | ');
test(
  'somebody who is stuck',
  described,
  { lastInputAt: before(9) },
  'In use | 30 min | 1 browser | 9 min ago | lastInput',
);
test(
  'somebody who has not typed yet',
  described,
  { lastInputAt: undefined },
  'In use | 30 min | 1 browser | none yet | lastInput',
);
test(
  'a visitor who disconnected',
  described,
  { connections: 0 },
  'In use | 30 min | disconnected | 1 min ago | people',
);
test('a visitor who never connected', described, never, 'In use | 30 min | never connected |  | people');
test(
  'somebody who is just coming',
  described,
  { ...never, claimedAt: before(0.5) },
  'In use | 30 s | never connected |  | ',
);
test('a ready terminal', described, { ...never, state: 'ready', claimedAt: undefined }, 'Ready |  |  |  | ');

test('describe: a broken terminal has its reason, and comes first', (t) => {
  const broken = pod({ ...never, ordinal: 9, state: 'broken', claimedAt: undefined, reason: 'Unschedulable: no node' });
  t.like(describePod(broken, now), { state: 'Broken', trouble: 'Unschedulable: no node', attention: 'trouble' });
  t.deepEqual(
    sortPods([pod({}), broken], now).map(({ ordinal }) => ordinal),
    [9, 0],
  );
});

test('describe: a terminal that browsers cannot reach has its reason', (t) => {
  const reason = 'Unreachable: no Service can be made: exceeded quota';
  const unreachable = pod({ ...never, ordinal: 9, state: 'recreating', claimedAt: undefined, reason });
  t.like(describePod(unreachable, now), { state: 'Unreachable', trouble: reason, attention: 'trouble' });
});

test('describe: the summary counts broken terminals, and shows the number behind a computed spare', (t) => {
  const [pool] = somePools.pools;
  if (!pool) return t.fail();
  const settings = { ...pool.settings, spare: '50%' };
  t.is(
    summary({ ...pool, broken: 2, unreachable: 3, spare: 3, settings }),
    '4 in use · 1 ready · 1 starting · 2 broken · 3 unreachable · spare 50%: 3',
  );
});

test('describe: visitors who may need help come first', (t) => {
  const [pool] = somePools.pools;
  if (!pool) return t.fail();
  const order = sortPods(pool.pods, Date.now()).map(({ ordinal }) => ordinal);
  t.deepEqual(order, [2, 3, 4, 1, 0, 5]);
  t.is(summary(pool), '4 in use · 1 ready · 1 starting');
});

test('describe: long times are in hours', (t) => {
  t.deepEqual([0, 59_400, 60_000, 3_600_000, 7_500_000].map(duration), ['0 s', '59 s', '1 min', '1 h', '2 h 5 min']);
});
