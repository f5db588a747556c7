// inv 8: access to a terminal's socket. The real manager signs the tickets, and the real terminal refuses them.

import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import type { Opened } from '../../common/terminals-api.ts';
import { knock } from '../helpers/knock.ts';
import { createVisitor, isReady, poolIsReady, startTestSystem, until } from '../helpers/system.ts';

/** The same ticket with other claims, signed by another key with the same key id. */
async function forge(ticket: string, changes: Record<string, unknown>): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { kid } = decodeProtectedHeader(ticket);
  return new SignJWT({ ...decodeJwt(ticket), ...changes })
    .setProtectedHeader({ alg: 'EdDSA', ...(kid && { kid }) })
    .sign(privateKey);
}

test.serial('inv 8: refuses forged, foreign, replayed and expired tickets, and accepts a fresh one', async (t) => {
  const system = await startTestSystem(t, { replicas: 2, settings: { spare: '2', max: '4' } });
  await poolIsReady(system, 2);
  const visitor = createVisitor(system);
  const own: Opened = await visitor.claim();
  const foreign = await createVisitor(system).claim();

  t.is(await knock(t, own.url, own.ticket), 'attached');
  t.is(await knock(t, own.url, own.ticket), 'invalid-ticket', 'replayed');
  t.is(await knock(t, own.url, foreign.ticket), 'invalid-ticket', 'meant for another pod');
  const fresh = await visitor.claim();
  const forged = await forge(fresh.ticket, {});
  t.is(await knock(t, own.url, forged), 'invalid-ticket', 'signed by somebody else');
  const [header, , signature] = fresh.ticket.split('.');
  const payload = Buffer.from(JSON.stringify({ ...decodeJwt(fresh.ticket), sub: 'x'.repeat(43) })).toString(
    'base64url',
  );
  t.is(await knock(t, own.url, `${header}.${payload}.${signature}`), 'invalid-ticket', 'changed');
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${fresh.ticket.split('.')[1]}.`;
  t.is(await knock(t, own.url, unsigned), 'invalid-ticket', 'not signed at all');
  t.is(await knock(t, own.url, 'x'.repeat(5_000)), 'invalid-request', 'too long');
  t.is(await knock(t, own.url, fresh.ticket), 'attached', 'none of that has used up the good one');

  // The pod is replaced under the same name and node port. The old ticket must not open the new pod.
  const outlived = await visitor.claim();
  const uid = (await system.kubernetes.pod(own.name))?.metadata.uid;
  await system.kubernetes.deletePod(own.name);
  await until('the pod recreated', async () => {
    const pod = await system.kubernetes.pod(own.name);
    return pod && pod.metadata.uid !== uid && isReady(pod);
  });
  t.is(await knock(t, own.url, outlived.ticket), 'invalid-ticket', 'replayed after recreation');
});
