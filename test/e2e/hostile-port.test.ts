// A visitor takes over the port of their terminal from its shell, and other visitors open it. Terminals may be at the
// page's own host, where browsers separate origins by port, but do not separate cookies.

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

/** The requests that the attacker's server received: their headers, and what its scripts could read and do. */
type Seen = { path: string; headers: Record<string, string>; body: string };

/** Everything that a browser stores for the page and could send as its identity: cookies and storage. */
async function credentialsOf(page: Page, context: BrowserContext): Promise<string[]> {
  const stored = await page.evaluate<string[]>('[...Object.values(localStorage), ...Object.values(sessionStorage)]');
  const cookies = await context.cookies();
  // Settings are no secrets.
  return [...stored, ...cookies.map(({ value }) => value)].filter((value) => value.length > 20);
}

const terminalOf = async (page: Page): Promise<OpenTerminal> =>
  page.evaluate<OpenTerminal>(`fetch('${paths.current}', {
    headers: { '${visitorHeader}': localStorage.getItem('${visitorKey}') ?? '' },
  }).then((response) => response.json())`);

/** An attacker who controls the port of a terminal at the page's own host. */
async function attack(t: ExecutionContext, { pageUrl }: TestSystem) {
  const { page, context } = await openTerminal(t, system(), await openBrowser(t));
  const terminal = await terminalOf(page);
  // If the node has another name than the page, the attacker uses the page's: a node port answers at every name of its node.
  const port = Object.assign(new URL(terminal.url), { hostname: new URL(pageUrl).hostname }).origin;
  // Store all keys at once, because thousands of keys one by one take half a minute.
  await page.keyboard.insertText(takeOverPort());
  await page.keyboard.press('Enter');
  const ask = (path: string) => fetch(port + path, { signal: AbortSignal.timeout(5_000) }).then((it) => it.json());
  const taken = await until('the attacker’s server', async () => {
    if (/cannot take the port$/m.test(await readScreen(page))) return 'not';
    return ask('/seen').catch(() => undefined);
  });
  // In the terminal's image the shell cannot reach its server, so the attack fails there. On one machine it succeeds.
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

  // The attacker received nothing that the victim's browser stores for the page.
  const credentials = await credentialsOf(victim.page, victim.context);
  t.true(credentials.length > 0, 'the victim has an identity');
  for (const value of credentials) t.false(JSON.stringify(seen).includes(value), `${value} is with the attacker`);
  const { read, did } = JSON.parse(loot.body) as { read: Record<string, unknown>; did: Record<string, string> };
  t.log(read, did);
  t.deepEqual(read, {
    cookie: '',
    // The helper that opens pages puts this key into every page of any origin.
    localStorage: { 'warmterm-greeted': 'yes' },
    sessionStorage: {},
    databases: [],
    caches: [],
    workers: 0,
    opener: false,
  });

  // The script also claimed, ended and opened nothing, and read no answer.
  for (const [what, outcome] of Object.entries(did)) t.regex(outcome, /^(refused|opaque)/, what);
  t.is((await terminalOf(victim.page)).name, theirs.name);
  t.is((await poolStatus(system())).inUse, inUse);

  // The victim's requests give the attacker no access to the victim's terminal.
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
  // The attacker's full identity, under the names that the page uses.
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
