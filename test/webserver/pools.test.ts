import test from 'ava';
import { poolSummariesSchema } from '../../common/terminals-api.ts';
import { cache, choosePools } from '../../webserver/routes/pools.ts';
import { proposedId } from '../helpers/proposed-id.ts';
import { startWebserver } from '../helpers/webserver-app.ts';
import { somePools } from '../helpers/webserver-manager.ts';

const [workshop] = somePools.pools;
const pool = (name: string) => ({ ...workshop!, name });
const all = [pool('default'), pool('course'), pool('secret')];

const cases: [title: string, pools: typeof all, by: Partial<Parameters<typeof choosePools>[1]>, expected: string[]][] =
  [
    ['the one that is named', all, { named: 'course', defaultPool: 'default' }, ['course']],
    ['none for a name that is not there', all, { named: 'other' }, []],
    ['the pool of those who name none', all, { defaultPool: 'default' }, ['default']],
    ['that and those in use', all, { defaultPool: 'default', used: new Set(['course']) }, ['default', 'course']],
    ['none of several', all, {}, []],
    ['the only one', [pool('course')], {}, ['course']],
  ];
for (const [title, pools, by, expected] of cases) {
  test(`pools: a visitor sees ${title}`, (t) => {
    const chosen = choosePools(pools, { named: undefined, defaultPool: undefined, used: new Set(), ...by });
    t.deepEqual(
      chosen.map(({ name }) => name),
      expected,
    );
  });
}

type Answer = { pools: { name: string }[]; code?: string };

const askFor = async (url: string, query = '', visitor = proposedId()) => {
  const response = await fetch(`${url}/api/pools${query}`, { headers: { 'warmterm-visitor': visitor } });
  return { status: response.status, body: (await response.json()) as Answer };
};

test('pools: a visitor gets counts only', async (t) => {
  const { url } = await startWebserver(t);
  const { status, body } = await askFor(url);
  t.is(status, 200);
  t.deepEqual(body, { pools: [{ name: 'workshop', ready: 1, waiting: 0 }] });
  t.deepEqual(poolSummariesSchema.strict().parse(body), body);
  t.is((await askFor(url, '?pool=other')).status, 404);
  t.is((await askFor(url, '?all=1')).status, 400);
  t.is((await askFor(url, '', 'nonsense')).body.code, 'unknown-visitor');
});

test('pools: lists the pools of the visitor’s terminals, and no others', async (t) => {
  const { url, manager } = await startWebserver(t, { WARMTERM_POOL: 'default' });
  manager.misbehave = ({ path }) =>
    path === '/api/pools' ? { status: 200, body: JSON.stringify({ pools: all }) } : undefined;
  const visitor = proposedId();
  const opened = await fetch(`${url}/api/terminals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'warmterm-visitor': visitor },
    body: JSON.stringify({ pool: 'course' }),
  });
  t.is(opened.status, 201);
  const names = async (by: string) => (await askFor(url, '', by)).body.pools.map(({ name }) => name);
  t.deepEqual(await names(visitor), ['default', 'course']);
  t.deepEqual(await names(proposedId()), ['default']);
});

test('pools: caches the manager’s answer for two seconds, but not a failure', async (t) => {
  let [time, asked] = [0, 0];
  const read = cache(
    async () => {
      asked += 1;
      if (asked === 2) throw new Error('not now');
      return asked;
    },
    () => time,
  );
  t.deepEqual(await Promise.all([read(), read()]), [1, 1]);
  time = 1_999;
  t.is(await read(), 1);
  time = 2_000;
  await t.throwsAsync(read());
  t.is(await read(), 3);
});
