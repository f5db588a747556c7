import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { ticketSchema } from '../../../common/ticket.ts';
import { createTicketSigner, LateSigner } from '../../../manager/tickets/keys.ts';

const pem = (type: 'ed25519' | 'ed448') =>
  (type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ed448')).privateKey
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
const content = { aud: 'uid', sub: 'visitor', jti: 'one', claim: 'claim', role: 'owner' } as const;

test('inv 8: keys: a ticket names pod, visitor, claim and role, and is valid for a minute', async (t) => {
  const signer = await createTicketSigner(pem('ed25519'));
  const now = Date.now();
  const { payload, protectedHeader } = await jwtVerify(await signer.sign(content, now), createLocalJWKSet(signer.jwks));
  t.is(protectedHeader.alg, 'EdDSA');
  const ticket = ticketSchema.parse(payload);
  t.like(ticket, content);
  t.is(ticket.exp - Math.floor(now / 1_000), 60);
});

test('keys: the published key set has no private key', async (t) => {
  const { jwks } = await createTicketSigner(pem('ed25519'));
  t.deepEqual(Object.keys(jwks.keys[0]!).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
});

test('keys: unavailable until the key is loaded', async (t) => {
  const signer = new LateSigner();
  t.false(signer.loaded);
  await t.throwsAsync(signer.sign(content, Date.now()), { code: 'unavailable' });
  t.throws(() => signer.jwks, { code: 'unavailable' });
  await signer.load(pem('ed25519'), 'a test');
  t.true(signer.loaded);
  await t.notThrowsAsync(jwtVerify(await signer.sign(content, Date.now()), createLocalJWKSet(signer.jwks)));
});

test('inv 10: keys: an invalid key is refused without showing it', async (t) => {
  for (const wrong of [pem('ed448'), 'not a key', '']) {
    const error = await t.throwsAsync(createTicketSigner(wrong), { code: 'invalid-config' });
    t.false(wrong !== '' && error?.message.includes(wrong));
  }
});
