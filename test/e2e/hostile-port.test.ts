// A visitor takes over the port of their own terminal, from its shell, and has other visitors open it. Terminals may be at the
// page's own host, where browsers tell origins apart by the port, and cookies not at all.

import test, { type ExecutionContext } from 'ava';
import type { BrowserContext, Page } from 'playwright-core';
import { type OpenTerminal, paths, visitorHeader } from '../../common/terminals-api.ts';
import { openBrowser, readScreen, visitorKey, waitForState } from '../helpers/frontend-browser.ts';
import { takeOverPort } from '../helpers/hostile-server.ts';
import {
  onCluster,
  openTerminal,
  poolIsReady,
  poolStatus,
  shareTestSystem,
  type TestSystem,
  until,
} from '../helpers/system.ts';

const system = shareTestSystem(test, { replicas: 3, settings: { spare: '2', max: '8' } });

/** What the attacker's server has seen: the headers of each request, and what its scripts could read and do. */
type Seen = { path: string; headers: Record<string, string>; body: string };

/** All that a browser keeps for the page, and would be sent as: cookies and storage. */
async function credentialsOf(page: Page, context: BrowserContext): Promise<string[]> {
  const stored = await page.evaluate<string[]>('[...Object.values(localStorage), ...Object.values(sessionStorage)]');
  const cookies = await context.cookies();
  // Settings and the like are no secrets.
  return [...stored, ...cookies.map(({ value }) => value)].filter((value) => value.length > 20);
}

const terminalOf = async (page: Page): Promise<OpenTerminal> =>
  page.evaluate<OpenTerminal>(`fetch('${paths.current}', {
    headers: { '${visitorHeader}': localStorage.getItem('${visitorKey}') ?? '' },
  }).then((response) => response.json())`);

/** An attacker who holds the port of a terminal at the page's own host. */
async function attack(t: ExecutionContext, { pageUrl }: TestSystem) {
  const { page, context } = await openTerminal(t, system(), await openBrowser(t));
  const terminal = await terminalOf(page);
  // Where the node has another name than the page, the attacker picks the page's: a node port answers at every name of its node.
  const port = Object.assign(new URL(terminal.url), { hostname: new URL(pageUrl).hostname }).origin;
  // At once: thousands of keys take half a minute.
  await page.keyboard.insertText(takeOverPort());
  await page.keyboard.press('Enter');
  const ask = (path: string) => fetch(port + path, { signal: AbortSignal.timeout(5_000) }).then((it) => it.json());
  const taken = await until('the attacker’s server', async () => {
    if (/cannot take the port$/m.test(await readScreen(page))) return 'not';
    return ask('/seen').catch(() => undefined);
  });
  // The terminal's image keeps the shell from its server: there the attack ends here, and on a machine it goes on.
  t.is(taken === 'not', onCluster);
  if (taken === 'not') return undefined;
  return { page, context, terminal, port, seen: () => ask('/seen') as Promise<Seen[]> };
}

test.serial('hostile page at a terminal’s port: gets no credential and cannot act for its visitor', async (t) => {
  await poolIsReady(system(), 3);
  const { pageUrl } = system();
  const attacker = await attack(t, system());
  if (!attacker) return;
  const victim = await openTerminal(t, system(), await openBrowser(t));
  const theirs = await terminalOf(victim.page);
  t.not(theirs.name, attacker.terminal.name);
  const inUse = (await poolStatus(system())).inUse;

  const lured = await victim.context.newPage();
  await lured.goto(`${attacker.port}/?page=${encodeURIComponent(pageUrl)}`);
  const loot = await until('what the script has found', async () =>
    (await attacker.seen()).find(({ path }) => path === '/loot'),
  );
  const seen = await attacker.seen();
  t.true(seen.some(({ path, headers }) => path.startsWith('/?page=') && headers['user-agent']?.includes('Chrom')));

  // Nothing that the victim's browser keeps for the page has come there.
  const credentials = await credentialsOf(victim.page, victim.context);
  t.true(credentials.length > 0, 'the victim has an identity');
  for (const value of credentials) t.false(JSON.stringify(seen).includes(value), `${value} is with the attacker`);
  const { read, did } = JSON.parse(loot.body) as { read: Record<string, unknown>; did: Record<string, string> };
  t.log(read, did);
  t.deepEqual(read, {
    cookie: '',
    // The helper that opens pages puts it into each of them, whatever their origin.
    localStorage: { 'warmterm-greeted': 'yes' },
    sessionStorage: {},
    databases: [],
    caches: [],
    workers: 0,
    opener: false,
  });

  // Nor has the script claimed, ended or opened anything, or read an answer.
  for (const [what, outcome] of Object.entries(did)) t.regex(outcome, /^(refused|opaque)/, what);
  t.is((await terminalOf(victim.page)).name, theirs.name);
  t.is((await poolStatus(system())).inUse, inUse);

  // What came with the victim's requests leads the attacker to no terminal of theirs.
  for (const { headers } of seen) {
    const { host, connection, upgrade, 'content-length': length, origin, ...replayed } = headers;
    const ask = () => fetch(new URL(paths.current, pageUrl), { headers: replayed });
    const answer = await until('an answer', () => ask().catch(() => undefined));
    t.not(((await answer.json()) as { name?: string }).name, theirs.name);
  }
});

test.serial('inv 1: hostile page at a terminal’s port: cannot set the attacker’s identity', async (t) => {
  const { pageUrl } = system();
  const attacker = await attack(t, system());
  if (!attacker) return;
  // All of the attacker's identity, under the names that the page itself uses.
  const plant = await attacker.page.evaluate<{ storage: Record<string, string> }>('({ storage: { ...localStorage } })');
  const cookies = (await attacker.context.cookies()).map(({ name, value }) => `${name}=${value}`);
  const id = plant.storage[visitorKey];
  const planted = JSON.stringify({ ...plant, cookies: [...cookies, ...(id ? [`${visitorKey}=${id}`] : [])] });

  const browser = await openBrowser(t);
  const context = await browser.newContext();
  t.teardown(() => context.close());
  const lured = await context.newPage();
  await lured.goto(`${attacker.port}/?plant=${encodeURIComponent(planted)}&page=${encodeURIComponent(pageUrl)}`);
  await until('the script to have planted it', async () =>
    (await attacker.seen()).some(({ path }) => path === '/loot'),
  );
  t.true((await context.cookies()).length > 0, 'the attacker has set cookies for the host');
  const claimed = lured.waitForResponse((response) => new URL(response.url()).pathname === paths.terminals);
  await lured.goto(`${pageUrl}?renderer=dom`);
  t.not(((await (await claimed).json()) as OpenTerminal).name, attacker.terminal.name);
  await waitForState(lured, 'connected', 30_000);
});
