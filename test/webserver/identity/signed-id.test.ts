import test from 'ava';
import { type Kind, readProposal, readSignedId, writeSignedId } from '../../../webserver/identity/signed-id.ts';
import { proposedId } from '../../helpers/proposed-id.ts';

const [old, recent] = ['the old secret, long enough by now', 'the new secret, long enough as well'];
const newId = (kind: Kind, secret: string) => readProposal(proposedId(), kind, secret)!;

test('signed-id: verifies with the signing secret only', (t) => {
  const id = newId('browser', old);
  const text = writeSignedId(id);
  t.deepEqual(readSignedId(text, [old]), id);
  t.is(readSignedId(text, [recent]), undefined);
});

test('signed-id: a rotated secret still verifies and keeps its ids', (t) => {
  const text = writeSignedId(newId('browser', old));
  t.is(readSignedId(text, [recent, old])?.secret, old);
});

test('signed-id: holds the proposed id', (t) => {
  const id = 'abcdefghij-_0123456789';
  const read = readProposal(`new.${id}`, 'tab', old)!;
  t.deepEqual(read, { kind: 'tab', id, secret: old });
  t.true(writeSignedId(read).startsWith(`tab.${id}.`));
});

test('signed-id: refuses a proposal of wrong length or characters', (t) => {
  const id = 'A'.repeat(22);
  for (const garbage of [
    undefined,
    {},
    '',
    'new',
    'new.',
    id,
    `NEW.${id}`,
    `browser.${id}`,
    `new.${id}A`,
    `new.${id.slice(1)}`,
    `new.${id.slice(1)}=`,
    `new.${id.slice(1)}+`,
    `new.${id.slice(1)}ä`,
    `new.${id}\n`,
    ` new.${id}`,
    `new.${id}, new.${id}`,
    `new.${id}.${'A'.repeat(43)}`,
  ]) {
    t.is(readProposal(garbage, 'browser', old), undefined, String(garbage));
  }
});

test('signed-id: refuses garbage', (t) => {
  const text = writeSignedId(newId('browser', old));
  for (const garbage of [
    undefined,
    '',
    'x',
    {},
    text.slice(1),
    `${text}x`,
    text.replace('browser.', 'tab.'),
    'a.b.c',
  ]) {
    t.is(readSignedId(garbage, [old]), undefined);
  }
});
