// Links to a terminal: created, opened and ended at a manager over a model cluster, with real signatures.

import { generateKeyPairSync } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { decodeJwt, SignJWT } from 'jose';
import { ticketSchema } from '../../../common/ticket.ts';
import { createTicketSigner } from '../../../manager/tickets/keys.ts';
import { settle, startManager } from '../../helpers/manager.ts';
import { linksOf } from '../../helpers/manager-app.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const hourMs = 3_600_000;
const visitor = 'v'.repeat(43);
const secret = 'g'.repeat(22);

const newKey = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

async function start(t: ExecutionContext) {
  const time = { now: 1_700_000_000_000 };
  const clock = () => time.now;
  const model = new ModelCluster({ annotations: { 'warmterm.dev/spare': '2', 'warmterm.dev/max': '3' } });
  const signer = await createTicketSigner(newKey());
  const startAnother = async () => {
    const manager = startManager(model, { clock, signer });
    t.teardown(() => manager.stop());
    await settle(model, manager);
    return { ...manager, links: linksOf(manager, signer, clock) };
  };
  const manager = await startAnother();
  const { pod } = await manager.claim(visitor);
  await settle(model, manager);
  const create = (role: 'viewer' | 'editor' = 'viewer', expiresInMs = hourMs) =>
    manager.links.create(visitor, { role, expiresInMs });
  const open = (token: string, guest = secret) => manager.links.open({ token, name: 'Vera', guest });
  const ended = (token: string) => t.throwsAsync(open(token), { message: /does not work any more/ });
  return { model, manager, signer, time, pod, create, open, ended, startAnother };
}

test('link: gives a guest a ticket for that pod and claim, and writes nothing', async (t) => {
  const { model, pod, create, open } = await start(t);
  const { writes } = model;
  const { token, expiresAt } = await create('editor');
  t.is(expiresAt, new Date(1_700_000_000_000 + hourMs).toISOString());
  const opened = await open(token);
  t.is(opened.pod.uid, pod.uid);
  const ticket = ticketSchema.parse(decodeJwt(opened.ticket));
  t.like(ticket, { aud: pod.uid, sub: visitor, claim: pod.claim!.id, role: 'editor', guest: { name: 'Vera' } });
  t.is(model.writes, writes);
});

test('link: a browser is one guest at each visit, and the visible id does not reveal its secret', async (t) => {
  const { create, open } = await start(t);
  const { token } = await create();
  const id = async (guest?: string) => ticketSchema.parse(decodeJwt((await open(token, guest)).ticket)).guest?.id;
  t.is(await id(), await id());
  t.not(await id(), await id('h'.repeat(22)));
  t.not(await id(), secret);
  t.not(await id(), ticketSchema.parse(decodeJwt((await open((await create()).token)).ticket)).guest?.id);
});

test('link: expires at its time', async (t) => {
  const { time, create, open, ended } = await start(t);
  const { token } = await create('viewer', 10_000);
  time.now += 9_000;
  await open(token);
  time.now += 1_000;
  await ended(token);
});

test('link: one write ends all earlier links at every manager, and no later ones', async (t) => {
  const { model, manager, create, open, ended, startAnother } = await start(t);
  const other = await startAnother();
  const tokens = [(await create()).token, (await create('editor')).token];
  const { writes } = model;
  await manager.links.revoke(visitor, undefined);
  t.is(model.writes, writes + 1);
  for (const token of tokens) await ended(token);
  await settle(model, other);
  await t.throwsAsync(other.links.open({ token: tokens[0]!, name: 'Vera', guest: secret }));
  await open((await create()).token);
});

test('link: invalid for the successor of its pod and for the next claim', async (t) => {
  const { model, manager, create, ended } = await start(t);
  const { token } = await create();
  await manager.claims.end(visitor);
  await ended(token);
  await settle(model, manager);
  await manager.claim(visitor);
  await ended(token);
});

test('link: refuses an altered link, one of another key, and a ticket', async (t) => {
  const { manager, pod, signer, create, ended } = await start(t);
  const { token } = await create();
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const altered = Buffer.from(JSON.stringify({ ...claims, role: 'editor' })).toString('base64url');
  await ended(`${header}.${altered}.${signature}`);
  await ended(await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('x'.repeat(32))));
  const stranger = await createTicketSigner(newKey());
  await ended(await stranger.signLink(claims, 1_700_000_000_000));
  const content = { aud: pod.uid, sub: visitor, jti: 'j', claim: pod.claim!.id, role: 'owner' as const };
  await ended(await signer.sign(content, 1_700_000_000_000));
  for (const garbage of ['', '.', 'a.b.c', token.slice(0, -2), `${token}x`]) await ended(garbage);
  t.throws(() => ticketSchema.parse(decodeJwt(token)));
  t.truthy(manager.claims.find(visitor));
});

test('link: none without a terminal', async (t) => {
  const { manager } = await start(t);
  const stranger = 's'.repeat(43);
  await t.throwsAsync(manager.links.create(stranger, { role: 'viewer', expiresInMs: hourMs }), {
    message: /no terminal/,
  });
  await t.throwsAsync(manager.links.revoke(stranger, undefined), { message: /no terminal/ });
});
