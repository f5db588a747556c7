import test from 'ava';
import { claimantSchema, composeClaimant, ownerOf, runOf, visitorSchema } from '../../common/claimant.ts';

const hash = '-_aZ09'.repeat(7).slice(0, 43);
const run = 'k3x9a0b7';

test('claimant: splits into visitor and run', (t) => {
  const claimant = composeClaimant(hash, run);
  t.is(claimant, `${hash}.${run}`);
  t.deepEqual([ownerOf(claimant), runOf(claimant)], [hash, run]);
  t.true(claimantSchema.safeParse(claimant).success);
  t.false(visitorSchema.safeParse(claimant).success, 'a claimant of a run is no visitor');
});

test('claimant: without a run equals the visitor', (t) => {
  t.is(composeClaimant(hash), hash);
  t.deepEqual([ownerOf(hash), runOf(hash)], [hash, undefined]);
  t.true(claimantSchema.safeParse(hash).success);
});

for (const wrong of [
  '',
  hash.slice(0, 15),
  `${hash}.`,
  `.${run}`,
  `${hash}.short`,
  `${hash}.${'a'.repeat(33)}`,
  `${hash}.UPPERCASE`,
  `${hash}.${run}.${run}`,
  `${hash}.${run}\n`,
  `${hash} .${run}`,
  `${hash}/../${run}`,
]) {
  test(`inv 10: claimant: ${JSON.stringify(wrong)} is refused`, (t) => {
    t.false(claimantSchema.safeParse(wrong).success);
  });
}
