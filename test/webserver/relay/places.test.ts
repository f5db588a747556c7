import test from 'ava';
import { createPlaces } from '../../../webserver/relay/places.ts';

const refused = { code: 'unavailable' };

test('there are as many places as the limit says, and one that is given back is free again', (t) => {
  const places = createPlaces(2);
  const leave = places.take('ann');
  places.take('bob');
  t.throws(() => places.take('cat'), refused);
  leave();
  // Once is enough: nobody gives back the place of another.
  leave();
  places.take('cat');
  t.throws(() => places.take('dan'), refused);
});

test('one visitor has sixteen of them at most, and leaves the rest to others', (t) => {
  const places = createPlaces(100);
  const leave = Array.from({ length: 16 }, () => places.take('ann'));
  t.throws(() => places.take('ann'), refused);
  places.take('bob');
  leave[0]?.();
  places.take('ann');
  t.throws(() => places.take('ann'), refused);
});
