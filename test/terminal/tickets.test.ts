import test, { type ExecutionContext } from 'ava';
import { generateKeyPair, SignJWT } from 'jose';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager, type TestManager, type TicketWish } from '../helpers/terminal-manager.ts';
import { prompt, startTerminal } from '../helpers/terminal-process.ts';

const now = () => Math.floor(Date.now() / 1_000);

async function refusals(t: ExecutionContext, cases: Record<string, (manager: TestManager) => Promise<string>>) {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await owner.attached.next();
  for (const [what, make] of Object.entries(cases)) {
    const browser = openBrowser(t, terminal.url, { ticket: await make(manager) });
    const refused = await browser.refused.next();
    t.is(refused.code, 'invalid-ticket', `${what}: ${refused.message}`);
    t.deepEqual(browser.attached.entries, [], what);
  }
  const log = JSON.stringify(terminal.logs.entries);
  t.false(log.includes('eyJ'), 'no ticket is logged');
  owner.types('echo still-$((4 + 4))\r');
  await owner.sees('still-8');
}

const wish = (claims: TicketWish) => (manager: TestManager) => manager.ticket(claims);

test('inv 8: tickets: refuses a forged or expired ticket, or one for another pod', refusals, {
  forged: async (manager: TestManager) => manager.ticket({ key: (await generateKeyPair('EdDSA')).privateKey }),
  'of an unknown key': async (manager: TestManager) =>
    manager.ticket({ key: (await generateKeyPair('EdDSA')).privateKey, kid: 'unknown' }),
  'changed afterwards': async (manager: TestManager) => {
    const [head, , signature] = (await manager.ticket()).split('.');
    const claims = { ...JSON.parse(Buffer.from((await manager.ticket()).split('.')[1] ?? '', 'base64url').toString()) };
    return `${head}.${Buffer.from(JSON.stringify({ ...claims, role: 'owner' })).toString('base64url')}.${signature}`;
  },
  expired: wish({ exp: now() - 30, iat: now() - 90 }),
  'for another pod': wish({ aud: 'uid-of-another-pod' }),
  'of another issuer': wish({ iss: 'somebody-else' }),
  'of an unknown role': wish({ role: 'root' as 'owner' }),
  'without a claim': wish({ claim: '' }),
  'no ticket at all': async () => 'nonsense',
  'three empty parts': async () => '..',
});

test('inv 8: tickets: refuses a ticket that is not signed with EdDSA', refusals, {
  'with a shared secret': (manager: TestManager) =>
    new SignJWT({ iss: 'warmterm-manager' })
      .setProtectedHeader({ alg: 'HS256', kid: manager.state.kid })
      .sign(new TextEncoder().encode('x'.repeat(32))),
  'with another algorithm': async (manager: TestManager) =>
    new SignJWT({ iss: 'warmterm-manager' })
      .setProtectedHeader({ alg: 'ES256', kid: manager.state.kid })
      .sign((await generateKeyPair('ES256')).privateKey),
  unsigned: async (manager: TestManager) => {
    const [, claims] = (await manager.ticket()).split('.');
    return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
  },
});

test('inv 1: tickets: after the first owner, refuses other visitors and claims', refusals, {
  'of another visitor': wish({ sub: 'another-visitor' }),
  'of another claim': wish({ claim: 'another-claim' }),
  'of another claim, to look on': wish({ claim: 'another-claim', role: 'viewer' }),
});

test('inv 8: tickets: a ticket opens one connection, also when used twice at once', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const ticket = await manager.ticket();
  const both = [1, 2].map(() => openBrowser(t, terminal.url, { ticket }));
  const refused = await Promise.any(both.map((browser) => browser.refused.next()));
  t.is(refused.code, 'invalid-ticket');
  await Promise.any(both.map((browser) => browser.sees(prompt)));
  const late = openBrowser(t, terminal.url, { ticket });
  t.regex((await late.refused.next()).message, /used before/);
});

test('tickets: a handshake without ticket or with a wrong size gets the reason', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const sizes = [null, { cols: 0, rows: 24 }, { cols: 80, rows: 1e9 }, { cols: '80', rows: '24' }];
  const sized = sizes.map(async (size) => ({ ticket: await manager.ticket(), size }));
  const wrong: { ticket: string | undefined; size?: unknown }[] = [
    { ticket: undefined },
    { ticket: 'x'.repeat(5_000) },
    ...(await Promise.all(sized)),
  ];
  for (const handshake of wrong) {
    const refused = await openBrowser(t, terminal.url, handshake).refused.next();
    t.is(refused.code, 'invalid-request', JSON.stringify(handshake).slice(0, 100));
  }
  await openBrowser(t, terminal.url, { ticket: await manager.ticket() }).attached.next();
});

test('tickets: fetches a new key at the first ticket signed with it', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const next = await generateKeyPair('EdDSA', { extractable: true });
  Object.assign(manager.state, { ...next, kid: 'second' });
  // Within the cool-down after the start, an unknown key causes no request.
  const early = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  t.regex((await early.refused.next()).message, /key that the manager does not have/);
  t.is(manager.keyRequests.entries.length, 1);
});

test('tickets: of 24 simultaneous browsers, 16 attach; a disconnect frees a seat', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const tickets = await Promise.all(Array.from({ length: 24 }, () => manager.ticket()));
  const browsers = tickets.map((ticket) => openBrowser(t, terminal.url, { ticket }));
  const results = await Promise.all(
    browsers.map((browser) =>
      Promise.race([browser.attached.next().then(() => 'attached'), browser.refused.next().then(({ code }) => code)]),
    ),
  );
  t.deepEqual(results.toSorted(), [...Array(16).fill('attached'), ...Array(8).fill('unavailable')]);

  manager.reports.entries.length = 0;
  browsers[results.indexOf('attached')]!.socket.disconnect();
  await manager.reports.next(({ connections }) => connections === 15);
  await openBrowser(t, terminal.url, { ticket: await manager.ticket() }).attached.next();
});
