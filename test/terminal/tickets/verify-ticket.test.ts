// Tickets of a manager whose time differs from this pod's estimate, because a clock was set or the machine was suspended.

import test from 'ava';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createRemoteClock } from '../../../common/remote-clock.ts';
import { ticketAlgorithm, ticketIssuer } from '../../../common/ticket.ts';
import { createTicketVerifier } from '../../../terminal/tickets/verify-ticket.ts';

const noon = Date.UTC(2026, 0, 1, 12);
const minute = 60_000;

/** A pod that last received the manager's time at noon. `at.manager`: the present time of the manager's clock. */
async function setUp({ answers = true } = {}) {
  const { publicKey, privateKey } = await generateKeyPair(ticketAlgorithm);
  const key = await exportJWK(publicKey);
  const at = { manager: noon, passed: 0, asked: 0, ids: 0 };
  const time = createRemoteClock({ wall: () => 0, monotonic: () => at.passed });
  time.observe({ earliest: noon, since: at.passed });
  const verify = createTicketVerifier({
    podUid: 'pod',
    getKey: createLocalJWKSet({ keys: [{ ...key, alg: ticketAlgorithm }] }),
    time,
    askTime: async () => {
      at.asked++;
      if (!answers) throw new Error('away');
      time.observe({ earliest: at.manager, since: at.passed });
      return true;
    },
  });
  /** A ticket signed `ageMs` ago. */
  const ticket = (ageMs = 0) => {
    const iat = Math.floor((at.manager - ageMs) / 1_000);
    const claims = { iss: ticketIssuer, aud: 'pod', sub: 'v', jti: String(at.ids++), claim: 'c', role: 'owner', iat };
    return new SignJWT({ ...claims, exp: iat + 60 }).setProtectedHeader({ alg: ticketAlgorithm }).sign(privateKey);
  };
  return { at, verify, ticket };
}

test('verify-ticket: checks an expired ticket again by the manager’s present time', async (t) => {
  const { at, verify, ticket } = await setUp();
  at.manager = noon - 10 * minute;
  t.is((await verify(await ticket())).claim, 'c');
  t.is(at.asked, 1);
  await verify(await ticket());
  t.is(at.asked, 1, 'it is known by now');
  await t.throwsAsync(verify(await ticket(2 * minute)), { code: 'invalid-ticket', message: /expired/ });
  t.is(at.asked, 2);
});

test('verify-ticket: refuses an expired ticket while the manager is unreachable', async (t) => {
  const { verify, ticket } = await setUp({ answers: false });
  await verify(await ticket());
  await t.throwsAsync(verify(await ticket(2 * minute)), { code: 'invalid-ticket', message: /expired/ });
});

test('verify-ticket: after suspension a fresh ticket corrects the time, and older ones are refused', async (t) => {
  const { at, verify, ticket } = await setUp();
  at.manager = noon + 60 * minute;
  const old = await ticket(2 * minute);
  await verify(await ticket());
  await t.throwsAsync(verify(old), { code: 'invalid-ticket', message: /expired/ });
});

test('verify-ticket: a forged or foreign ticket causes no request for the time', async (t) => {
  const { at, verify, ticket } = await setUp();
  at.manager = noon - 10 * minute;
  const [head, claims] = (await ticket()).split('.');
  await t.throwsAsync(verify(`${head}.${claims}.AAAA`), { code: 'invalid-ticket' });
  await t.throwsAsync(verify('nonsense'), { code: 'invalid-ticket' });
  t.is(at.asked, 0);
});

test('inv 8: verify-ticket: opens one connection also within the tolerance after expiry', async (t) => {
  const { at, verify, ticket } = await setUp();
  const [used, unused] = [await ticket(), await ticket()];
  await verify(used);
  at.passed = 62_000;
  await verify(unused);
  await t.throwsAsync(verify(used), { code: 'invalid-ticket', message: /used before/ });
});
