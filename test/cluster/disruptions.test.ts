// Administrator actions while visitors work and others arrive: upgrades, deleted pods, drained nodes.

import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { labels } from '../../common/names.ts';
import { shareBrowser, stillAnswers, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { installRelease, type Release } from '../helpers/release.ts';
import { fileScope } from '../helpers/scope.ts';
import {
  claimSoon,
  createVisitor,
  isClaimed,
  isReady,
  openTerminal,
  type RawPod,
  until,
  visitorOf,
} from '../helpers/system.ts';

let release: Release;
const scope = fileScope(test);
const browser = shareBrowser(test);
/** Visitors whose shells run a counter during all tests. */
let pages: Page[];

test.before(async () => {
  release = await installRelease({
    'poolDefaults.spare': '2',
    'poolDefaults.max': '10',
    // No visitor connects to the terminals that are claimed below.
    'poolDefaults.connectTimeout': '30m',
    // A relayed page notices the end of a webserver. A direct page must not.
    'webserver.relay': 'never',
  });
  pages = [(await openTerminal(scope, release, browser())).page, (await openTerminal(scope, release, browser())).page];
  for (const page of pages)
    await typeText(page, 'kept=0; while sleep 1; do kept=$((kept + 1)); done &\nkept=elephant\n');
});
test.after.always(() => release?.discard());

const core = () => `/api/v1/namespaces/${release.namespace}`;
const list = async (selector: string) => {
  const path = `${core()}/pods?labelSelector=${encodeURIComponent(selector)}`;
  return (await release.transport.request<{ items: RawPod[] }>({ method: 'GET', path })).items;
};
const terminals = () => list(labels.pool);
const inUse = async () =>
  (await terminals())
    // Pods of visitors who left take a while to end.
    .filter((pod) => isClaimed(pod) && pod.metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.uid)
    .toSorted();
const remove = (name: string) => release.transport.request({ method: 'DELETE', path: `${core()}/pods/${name}` });
const evict = (name: string) =>
  release.transport.request({
    method: 'POST',
    path: `${core()}/pods/${name}/eviction`,
    body: { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name, namespace: release.namespace } },
  });

/** Visitors who claim their terminals again ten times a second until stopped. Resolves once each has one. */
async function startComing(t: ExecutionContext, count: number) {
  const stopping = new AbortController();
  const failures: string[] = [];
  let claims = 0;
  const visitors = Array.from({ length: count }, () => createVisitor(release));
  const firsts = await Promise.all(visitors.map((visitor) => claimSoon(visitor)));
  const loops = visitors.map(async (visitor, index) => {
    while (!stopping.signal.aborted) {
      try {
        const { name } = await visitor.claim();
        if (name !== firsts[index]!.name) failures.push(`${name} instead of ${firsts[index]!.name}`);
        claims++;
      } catch (error) {
        failures.push(`${error} ${(error as Error).cause ?? ''}`);
      }
      await delay(100, undefined, { signal: stopping.signal }).catch(() => {});
    }
  });
  t.teardown(() => stopping.abort());
  return {
    claims: () => claims,
    /** The errors so far. */
    async stop(): Promise<string[]> {
      stopping.abort();
      await Promise.all(loops);
      for (const visitor of visitors) await visitor.call('DELETE', '/api/terminals/current');
      return failures;
    },
  };
}

/** Checks that the two visitors are still in the same shells. */
async function shellsAreTheSame(word: string): Promise<void> {
  for (const page of pages) {
    await stillAnswers(page, word);
    await page.reload();
    await waitForState(page, 'connected', 30_000);
    await typeText(page, `clear; echo "${word}: $kept"\n`);
    await waitForScreen(page, new RegExp(`^${word}: elephant$`, 'm'));
  }
}

test.serial('inv 5, 9: an upgrade under load ends no session and refuses no visitor', async (t) => {
  const load = await startComing(t, 3);
  const before = await inUse();
  const former = load.claims();
  await release.upgrade({
    'poolDefaults.tmpSize': '300Mi',
    'webserver.podAnnotations.changed': 'yes',
    'manager.podAnnotations.changed': 'yes',
  });
  t.true(load.claims() > former);
  t.deepEqual(await inUse(), before);
  await shellsAreTheSame('upgraded');
  t.deepEqual(await load.stop(), []);
});

test.serial(
  'inv 4, 9: deleting managers and webservers under load ends no session and refuses no visitor',
  async (t) => {
    const load = await startComing(t, 3);
    const before = await inUse();
    for (const component of ['manager', 'webserver']) {
      const selector = `app.kubernetes.io/component=${component}`;
      const [pod] = await list(selector);
      await remove(pod!.metadata.name);
      await until(`another ${component}`, async () => {
        const now = (await list(selector)).filter(({ metadata }) => metadata.uid !== pod!.metadata.uid);
        return now.length === 2 && now.every(isReady);
      });
    }
    t.deepEqual(await inUse(), before);
    await shellsAreTheSame('deleted');
    t.deepEqual(await load.stop(), []);
    t.true(load.claims() > 0);
  },
);

test.serial('inv 5: a drain waits for sessions, and evicts unused terminals', async (t) => {
  const [used] = (await terminals()).filter(isClaimed);
  await t.throwsAsync(evict(used!.metadata.name), { message: /disruption budget/ });
  const free = await until('one that nobody uses', async () =>
    (await terminals()).find((pod) => isReady(pod) && !isClaimed(pod)),
  );
  await evict(free.metadata.name);
  await until('another pod in its place', async () => {
    const now = (await terminals()).find(({ metadata }) => metadata.name === free.metadata.name);
    return now && now.metadata.uid !== free.metadata.uid && isReady(now) && !isClaimed(now);
  });
  await shellsAreTheSame('drained');
  t.pass();
});

test.serial('inv 1: the visitor of a deleted terminal is informed, and the new pod is unclaimed', async (t) => {
  const { page } = await openTerminal(t, release, browser());
  await typeText(page, 'touch ~/left; echo $HOSTNAME\n');
  const name = /^(\S+-\d+)$/m.exec(await waitForScreen(page, /^\S+-\d+$/m))![1]!;
  const find = async () => (await terminals()).find(({ metadata }) => metadata.name === name);
  const before = await find();
  await remove(name);
  await waitForState(page, 'ended', 30_000);
  const after = await until('its successor', async () => {
    const pod = await find();
    return pod && pod.metadata.uid !== before!.metadata.uid && isReady(pod) && pod;
  });
  t.is(visitorOf(after), undefined);
  await page.keyboard.press('Enter');
  await waitForState(page, 'connected', 60_000);
  await typeText(page, 'clear; ls ~ | wc -l\n');
  await waitForScreen(page, /^0$/m);
});
