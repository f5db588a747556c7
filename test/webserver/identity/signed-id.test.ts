import test from 'ava';
import { newId, readSignedId, writeSignedId } from '../../../webserver/identity/signed-id.ts';

const [old, recent] = ['the old secret, long enough by now', 'the new secret, long enough as well'];

test('what one secret signed is read back, and not with another', (t) => {
  const id = newId(old, 1_700_000_000);
  const text = writeSignedId(id);
  t.deepEqual(readSignedId(text, [old]), id);
  t.is(readSignedId(text, [recent]), undefined);
});

test('a secret that is no longer the first still verifies, and stays the one of its ids', (t) => {
  const text = writeSignedId(newId(old, 1_700_000_000));
  t.is(readSignedId(text, [recent, old])?.secret, old);
});

test('ids have 128 bits and differ', (t) => {
  const ids = Array.from({ length: 100 }, () => newId(old, 0).id);
  t.is(new Set(ids).size, 100);
  t.true(ids.every((id) => Buffer.from(id, 'base64url').length === 16));
});

test('garbage is no id', (t) => {
  const text = writeSignedId(newId(old, 1_700_000_000));
  for (const garbage of [undefined, '', 'x', {}, text.slice(1), `${text}x`, text.replace('.17', '.18'), 'a.b.c']) {
    t.is(readSignedId(garbage, [old]), undefined);
  }
});
