// The limits of a pool per address, and that they survive a restart.

import test from 'ava';
import { problemSchema } from '../../common/http/problem.ts';
import { claimAnnotations } from '../../common/names.ts';
import { openAnswerSchema, paths } from '../../common/terminals-api.ts';
import { openBrowser } from '../helpers/frontend-browser.ts';
import { sharePools } from '../helpers/pool.ts';
import {
  claimSoon,
  createVisitor,
  deleteSoon,
  isClaimed,
  openTerminal,
  poolIsReady,
  until,
} from '../helpers/system.ts';

// Without a forwarded address, the address is that of the test.
const newPool = sharePools(test, { trustProxy: true });

type Visitor = ReturnType<typeof createVisitor>;
type System = Awaited<ReturnType<typeof newPool>>;

/**
 * The refusal of a claim. A service that has just started may be unavailable for a moment, and a manager may not yet know
 * another one's claim. A terminal claimed by that chance is returned.
 */
const refusal = (visitor: Visitor, system: System) =>
  until('a refusal', async () => {
    const { status, body } = await visitor.call('POST', paths.terminals);
    if (status === 429) return problemSchema.parse(body);
    if (status === 503) return undefined;
    if (status >= 400) throw new Error(`${status} ${JSON.stringify(body)}`);
    const answer = openAnswerSchema.parse(body);
    if (answer.status === 'waiting') return undefined;
    const { name } = answer;
    const given = (await system.kubernetes.pods()).find(({ metadata }) => metadata.name === name);
    await deleteSoon(visitor, paths.current);
    await until('the end of that terminal', async () => {
      const uids = (await system.kubernetes.pods()).map(({ metadata }) => metadata.uid);
      return !given || !uids.includes(given.metadata.uid);
    });
    return undefined;
  });

test.serial('inv 3: the limit per address holds after every manager was killed', async (t) => {
  const settings = { spare: '2', max: '8', maxPerAddress: '2' };
  const system = await newPool({ replicas: 3, settings });
  await poolIsReady(system, 3);
  const from = (address: string) => createVisitor(system, address);

  const [ann, bob] = [from('203.0.113.7'), from('203.0.113.7')];
  await claimSoon(ann);
  await claimSoon(bob);
  const eve = from('203.0.113.7');
  t.like(await refusal(eve, system), {
    code: 'too-many-requests',
    retryable: true,
    retryAfter: 15,
    detail: 'Your network has 2 terminals, and the limit is 2. Try again when one of them has ended.',
    limit: { of: 'address', most: 2 },
  });
  // Another network has its own limit. An IPv6 network is the first half of the address.
  await claimSoon(from('203.0.113.8'));
  await claimSoon(from('2001:db8:1:2::1'));
  await claimSoon(from('2001:db8:1:2:ffff::1'));
  t.is((await refusal(from('2001:db8:1:2:aaaa::1'), system)).code, 'too-many-requests');

  // The cluster stores three networks as hashes, without their addresses.
  const claimed = (await system.kubernetes.pods()).filter(isClaimed);
  const networks = new Set(claimed.map(({ metadata }) => metadata.annotations?.[claimAnnotations.address]));
  t.is(networks.size, 3);
  t.false(/203\.0\.113|2001:db8/.test(JSON.stringify(claimed.map(({ metadata }) => metadata))));

  await system.killManagers();
  await until('an answer after the restart', async () => {
    const { status, body } = await eve.call('POST', paths.terminals);
    t.true(status >= 400, JSON.stringify(body));
    return status === 429;
  });
  t.is((await claimSoon(ann)).status, 'reconnected');
  await deleteSoon(bob, paths.current);
  t.is((await claimSoon(eve)).status, 'new');
});

test.serial('fair use: the page of a busy address solves a challenge and gets a terminal', async (t) => {
  const settings = { spare: '2', max: '4', challengeFrom: '1' };
  const system = await newPool({ replicas: 2, settings });
  await poolIsReady(system, 2);
  await claimSoon(createVisitor(system));
  const { code, challenge } = await refusal(createVisitor(system), system);
  t.is(code, 'challenge-required');
  t.truthy(challenge);
  const { context } = await openTerminal(t, system, await openBrowser(t));
  t.is((await system.kubernetes.pods()).filter(isClaimed).length, 2);
  // A returning visitor gets no challenge.
  const page = await context.newPage();
  const answer = page.waitForResponse((response) => response.url().endsWith(paths.terminals));
  await page.goto(system.pageUrl);
  t.is((await answer).status(), 200);
});
