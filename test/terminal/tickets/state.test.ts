import test from 'ava';
import { ClaimBinding } from '../../../terminal/tickets/claim-binding.ts';
import { UsedTickets } from '../../../terminal/tickets/used-tickets.ts';

test('inv 8: used-tickets: a ticket can be used once', (t) => {
  const used = new UsedTickets();
  t.true(used.use('a', 100, 10));
  t.false(used.use('a', 100, 99));
  t.true(used.use('b', 100, 99));
});
test('used-tickets: forgets expired tickets', (t) => {
  const used = new UsedTickets();
  for (let i = 0; i < 1_000; i += 1) used.use(String(i), i + 60, i);
  t.true(used.size <= 61, String(used.size));
});

const owner = { sub: 'me', claim: 'one', role: 'owner' } as const;

test('inv 1: claim-binding: the first owner binds the pod to a visitor and a claim', (t) => {
  const binding = new ClaimBinding();
  t.true(binding.accepts(owner));
  t.true(binding.accepts(owner));
  t.true(binding.accepts({ ...owner, role: 'viewer' }));
  t.false(binding.accepts({ ...owner, sub: 'you' }));
  t.false(binding.accepts({ ...owner, claim: 'two' }));
  t.false(binding.accepts({ ...owner, claim: 'two', role: 'viewer' }));
});
test('claim-binding: a viewer binds nothing', (t) => {
  const binding = new ClaimBinding();
  t.true(binding.accepts({ ...owner, sub: 'host', role: 'viewer' }));
  t.true(binding.accepts(owner));
});
