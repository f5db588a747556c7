import test from 'ava';
import type { Lease } from '../../../manager/kubernetes/port.ts';
import {
  type Election,
  type ElectionEvent,
  type ElectionRequest,
  leads,
  next,
  releaseOf,
  startElection,
  usualTiming,
} from '../../../manager/leader/election.ts';

const wall = 1_700_000_000_000;
const lease = (more: Partial<Lease> = {}): Lease => ({
  version: '7',
  holder: 'other',
  durationMs: 15_000,
  acquiredAt: 1,
  renewedAt: 2,
  transitions: 3,
  ...more,
});
const state = (more: Partial<Election> = {}): Election => ({ ...startElection('me'), ...more });
const mine = lease({ holder: 'me' });
const leading = state({ seen: { lease: mine, since: 0 }, leadsUntil: 10_000 });
const rest: ElectionRequest = { type: 'rest', ms: 2_000 };
const acquired = { holder: 'me', durationMs: 15_000, acquiredAt: wall, renewedAt: wall };
const renewed = { ...acquired, acquiredAt: 1, transitions: 3 };

type Row = {
  title: string;
  from: Election;
  event: ElectionEvent;
  now: number;
  request: ElectionRequest;
  leadsAfterwards?: boolean;
};

const rows: Row[] = [
  {
    title: 'whoever does not lead reads first',
    from: state(),
    event: { type: 'due' },
    now: 0,
    request: { type: 'read' },
  },
  {
    title: 'a lease that is not there is created at once',
    from: state(),
    event: { type: 'read', lease: undefined },
    now: 0,
    request: { type: 'write', version: undefined, lease: { ...acquired, transitions: 0 } },
  },
  {
    title: 'a lease that was released is taken at once',
    from: state(),
    event: { type: 'read', lease: lease({ holder: '', durationMs: 1_000 }) },
    now: 0,
    request: { type: 'write', version: '7', lease: { ...acquired, transitions: 4 } },
  },
  {
    title: 'a lease seen for the first time is valid, however old it says that it is',
    from: state(),
    event: { type: 'read', lease: lease({ renewedAt: 0 }) },
    now: 1_000_000,
    request: rest,
  },
  {
    title: 'a lease that did not change for less than its duration is valid',
    from: state({ seen: { lease: lease(), since: 0 } }),
    event: { type: 'read', lease: lease() },
    now: 14_999,
    request: rest,
  },
  {
    title: 'a lease that did not change for its duration is free',
    from: state({ seen: { lease: lease(), since: 0 } }),
    event: { type: 'read', lease: lease() },
    now: 15_000,
    request: { type: 'write', version: '7', lease: { ...acquired, transitions: 4 } },
  },
  {
    title: "it is the holder's duration that counts, not one's own",
    from: state({ seen: { lease: lease({ durationMs: 60_000 }), since: 0 } }),
    event: { type: 'read', lease: lease({ durationMs: 60_000 }) },
    now: 59_999,
    request: rest,
  },
  {
    title: 'a change starts the wait again, whatever time it names',
    from: state({ seen: { lease: lease(), since: 0 } }),
    event: { type: 'read', lease: lease({ version: '8' }) },
    now: 15_000,
    request: rest,
  },
  {
    title: 'an acquisition whose answer was lost is made good at the next look',
    from: state(),
    event: { type: 'read', lease: mine },
    now: 0,
    request: { type: 'write', version: '7', lease: renewed },
  },
  {
    title: 'whoever was first with the write leads, from when it was sent',
    from: state(),
    event: { type: 'written', lease: mine, sentAt: 100 },
    now: 10_099,
    request: rest,
    leadsAfterwards: true,
  },
  {
    title: 'an answer later than the renew deadline makes nobody a leader',
    from: state(),
    event: { type: 'written', lease: mine, sentAt: 100 },
    now: 10_100,
    request: rest,
  },
  {
    title: 'whoever was not first waits',
    from: state({ seen: { lease: undefined, since: 0 } }),
    event: { type: 'refused' },
    now: 0,
    request: rest,
  },
  {
    title: 'a leader renews without reading',
    from: leading,
    event: { type: 'due' },
    now: 2_000,
    request: { type: 'write', version: '7', lease: renewed },
    leadsAfterwards: true,
  },
  {
    title: 'a renewal differs from the last one even while the clock stands still',
    from: { ...leading, seen: { lease: { ...mine, renewedAt: wall }, since: 0 } },
    event: { type: 'due' },
    now: 2_000,
    request: { type: 'write', version: '7', lease: { ...renewed, renewedAt: wall + 1 } },
    leadsAfterwards: true,
  },
  {
    title: 'a leader without an answer leads on until the renew deadline',
    from: leading,
    event: { type: 'failed' },
    now: 9_999,
    request: rest,
    leadsAfterwards: true,
  },
  {
    title: 'a leader without an answer until the renew deadline leads no more, and reads',
    from: leading,
    event: { type: 'due' },
    now: 10_000,
    request: { type: 'read' },
  },
  {
    title: 'a leader whose renewal is refused looks why at once',
    from: leading,
    event: { type: 'refused' },
    now: 2_000,
    request: { type: 'read' },
    leadsAfterwards: true,
  },
  {
    title: 'a leader who finds another in its place leads no more, at once',
    from: leading,
    event: { type: 'read', lease: lease({ version: '9' }) },
    now: 2_000,
    request: rest,
  },
  {
    title: 'a leader who had missed its own renewal goes on from there',
    from: leading,
    event: { type: 'read', lease: { ...mine, version: '9' } },
    now: 2_000,
    request: { type: 'write', version: '9', lease: renewed },
    leadsAfterwards: true,
  },
];

for (const { title, from, event, now, request, leadsAfterwards = false } of rows) {
  test(title, (t) => {
    const step = next(from, event, now, wall);
    t.deepEqual(step.request, request);
    t.is(leads(step.state, now), leadsAfterwards);
  });
}

test('election: only the holder releases a lease, which is then free at once', (t) => {
  t.is(releaseOf(undefined, 'me', wall), undefined);
  t.is(releaseOf(lease(), 'me', wall), undefined);
  const released = releaseOf(mine, 'me', wall);
  t.like(released, { version: '7', lease: { holder: '', durationMs: 1_000, transitions: 3 } });
  const { request } = next(state(), { type: 'read', lease: { ...released!.lease, version: '8' } }, 0, wall);
  t.is(request.type, 'write');
});

test('election: a leader gives up well before others may take over', (t) => {
  t.true(usualTiming.renewMs * 1.4 < usualTiming.leaseMs);
  t.true(usualTiming.retryMs * 3 < usualTiming.renewMs);
});
