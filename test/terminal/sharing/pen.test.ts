import test from 'ava';
import fc from 'fast-check';
import { ownerId, Pen, typingMs } from '../../../terminal/sharing/pen.ts';

const owner = { id: ownerId, role: 'owner' } as const;
const viewer = { id: 'v', name: 'Vera', role: 'viewer' } as const;
const editor = { id: 'e', name: 'Edo', role: 'editor' } as const;

const shared = () => {
  const pen = new Pen();
  for (const person of [owner, viewer, editor]) pen.join(person);
  return pen;
};

test('pen: the owner has it, and a viewer cannot type', (t) => {
  const pen = shared();
  t.is(pen.holder, ownerId);
  t.true(pen.type(ownerId, 0));
  t.false(pen.type('v', 0));
  t.false(pen.type('e', 0));
});

test('pen: an editor takes it by a request, and the owner takes it back by a key', (t) => {
  const pen = shared();
  t.deepEqual(pen.request('e', { action: 'ask' }), {});
  t.true(pen.type('e', 0));
  t.false(pen.type('v', 0));
  t.true(pen.type(ownerId, 0));
  t.is(pen.holder, ownerId);
  t.false(pen.type('e', 0));
});

test('pen: a viewer asks, and the owner gives or refuses', (t) => {
  for (const action of ['give', 'refuse'] as const) {
    const pen = shared();
    pen.request('v', { action: 'ask' });
    t.is(pen.holder, ownerId);
    t.like(
      pen.people(0).find(({ id }) => id === 'v'),
      { asks: true, pen: false },
    );
    t.deepEqual(pen.request(ownerId, { action, person: 'v' }), {});
    t.is(pen.type('v', 0), action === 'give');
    t.false(pen.people(0).find(({ id }) => id === 'v')!.asks);
  }
});

test('pen: goes back to the owner when its holder returns it, leaves or is refused', (t) => {
  for (const back of [
    (pen: Pen) => pen.request('e', { action: 'return' }),
    (pen: Pen) => pen.leave('e'),
    (pen: Pen) => pen.request(ownerId, { action: 'refuse', person: 'e' }),
  ]) {
    const pen = shared();
    pen.request('e', { action: 'ask' });
    back(pen);
    t.is(pen.holder, ownerId);
  }
});

test('pen: a person with two connections keeps it until the last has gone', (t) => {
  const pen = shared();
  pen.join(editor);
  pen.request('e', { action: 'ask' });
  pen.leave('e');
  t.is(pen.holder, 'e');
  pen.leave('e');
  t.is(pen.holder, ownerId);
});

test('pen: only the owner gives, refuses and removes, and never the owner', (t) => {
  const pen = shared();
  for (const action of ['give', 'refuse', 'remove'] as const) {
    t.deepEqual(pen.request('v', { action, person: 'e' }), { refused: 'not-allowed' });
    t.deepEqual(pen.request('e', { action, person: 'e' }), { refused: 'not-allowed' });
    for (const person of [ownerId, 'nobody', undefined]) {
      t.deepEqual(pen.request(ownerId, { action, ...(person !== undefined && { person }) }), {
        refused: 'unknown-person',
      });
    }
  }
  t.deepEqual(pen.request('nobody', { action: 'ask' }), { refused: 'unknown-person' });
  t.false(pen.isRemoved('v'));
  t.deepEqual(pen.request(ownerId, { action: 'remove', person: 'v' }), { remove: 'v' });
  t.true(pen.isRemoved('v'));
  t.is(pen.holder, ownerId);
});

test('pen: lists the owner first, names guests, and shows typing for a while', (t) => {
  const pen = new Pen();
  pen.join(viewer);
  pen.join(owner);
  pen.type(ownerId, 1_000);
  t.deepEqual(pen.people(1_000 + typingMs - 1), [
    { id: ownerId, role: 'owner', pen: true, asks: false, typing: true },
    { id: 'v', name: 'Vera', role: 'viewer', pen: false, asks: false, typing: false },
  ]);
  t.false(pen.people(1_000 + typingMs)[0]!.typing);
});

const ids = fc.constantFrom(ownerId, 'v', 'e', 'nobody');
const step = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), who: fc.constantFrom(owner, viewer, editor) }),
  fc.record({ kind: fc.constant('leave' as const), id: ids }),
  fc.record({ kind: fc.constant('type' as const), id: ids }),
  fc.record({
    kind: fc.constant('request' as const),
    id: ids,
    action: fc.constantFrom('ask', 'return', 'give', 'refuse', 'remove'),
    person: ids,
  }),
);

test('pen: property: at most one person has it, and a viewer has it only from the owner', (t) => {
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const pen = new Pen();
      let given = false;
      for (const at of steps) {
        const before = pen.holder;
        if (at.kind === 'join') pen.join(at.who);
        else if (at.kind === 'leave') pen.leave(at.id);
        else if (at.kind === 'type') pen.type(at.id, 0);
        else {
          pen.request(at.id, at as Parameters<Pen['request']>[1]);
          given = at.id === ownerId && at.action === 'give' && at.person === 'v';
        }
        const holders = pen.people(0).filter((person) => person.pen);
        if (holders.length > 1 || (holders.length === 0 && pen.holder !== ownerId)) return false;
        if (pen.holder === 'v' && before !== 'v' && !given) return false;
      }
      return true;
    }),
  );
  t.pass();
});
