import test from 'ava';
import fc from 'fast-check';
import { MatchCounter } from '../../../terminal/search/match-counter.ts';
import { histories, quick } from '../../helpers/long.ts';

function count(text: string, ...pieces: (string | Buffer)[]): number {
  const counter = new MatchCounter(text);
  for (const piece of pieces) counter.push(Buffer.from(piece));
  return counter.count;
}

test('match-counter: matches do not overlap and may span pieces', (t) => {
  t.is(count('aa', 'aaaaa'), 2);
  t.is(count('row', 'ro', 'w r', 'o', 'wrow'), 3);
  t.is(count('aa', 'a', 'a', 'a', 'a'), 2);
  t.is(count('nowhere', 'no', 'where else'), 1);
  t.is(count('x', ''), 0);
});

test('match-counter: case matters only if the text has capitals', (t) => {
  t.is(count('error', 'Error ERROR error'), 3);
  t.is(count('Error', 'Error ERROR error'), 1);
  t.is(count('grün', 'GRüN grün GRÜN'), 2);
});

test('match-counter: finds a character split between pieces', (t) => {
  const bytes = Buffer.from('für 漢字');
  for (let at = 0; at <= bytes.length; at++) {
    t.is(count('ü', bytes.subarray(0, at), bytes.subarray(at)), 1);
    t.is(count('漢字', bytes.subarray(0, at), bytes.subarray(at)), 1);
  }
});

test('match-counter: property: the count does not depend on the pieces', (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'B', '\n'), maxLength: 60 });
  const wanted = fc.string({ unit: fc.constantFrom('a', 'b', 'B'), minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(wanted, fc.array(text), (searched, pieces) => {
      const whole = pieces.join('');
      const [lookedAt, lookedFor] = /[A-Z]/.test(searched) ? [whole, searched] : [whole.toLowerCase(), searched];
      t.is(count(searched, ...pieces), lookedAt.split(lookedFor).length - 1);
    }),
    histories(t, quick),
  );
});
