// A template whose pods never become Ready, as after a mistake in an image or a command.

import test from 'ava';
import { createVisitor, poolIsReady, poolStatus, startTestSystem, until } from '../helpers/system.ts';

test.serial('broken: pods that never become Ready are reported with the reason, and others serve', async (t) => {
  const system = await startTestSystem(t, { replicas: 2, settings: { spare: '2', max: '6' } });
  const { kubernetes } = system;
  await poolIsReady(system, 2);
  await kubernetes.setCommand(['/no/such/program']);
  await kubernetes.annotate({ 'warmterm.dev/start-timeout': '5s' });

  const [ann, bob] = [createVisitor(system), createVisitor(system)];
  const first = await ann.claim();
  // A slow node may first report only that the container is not ready.
  await until('a broken terminal on the host page, with the reason of its container', async () =>
    (await poolStatus(system)).pods.some(
      ({ state, reason }) => state === 'broken' && /no\/such\/program|exit code/.test(reason ?? ''),
    ),
  );
  const second = await bob.claim();
  t.like(second, { status: 'new' });
  await until('more in place of the broken', async () => (await kubernetes.replicas()) > 4);
  t.true((await kubernetes.replicas()) <= 6);

  // After a fix of the template, an administrator deletes nothing: the manager replaces broken terminals. A healthy start may take
  // longer than five seconds.
  await kubernetes.annotate({ 'warmterm.dev/start-timeout': '2m' });
  await kubernetes.setCommand(undefined);
  await until(
    'no broken terminal',
    async () => {
      const { broken, ready, recreating } = await poolStatus(system);
      return broken === 0 && recreating === 0 && ready >= 2;
    },
    120_000,
  );
  const [message, ...others] = await until('an Event of it', async () => {
    const messages = await kubernetes.eventsOf('BrokenTerminals');
    return messages.length > 0 && messages;
  });
  t.regex(message ?? '', /default-\d.* not Ready: (?!Kubernetes does not say why)/);
  t.deepEqual(others, [], 'one trouble is told once');
  t.like(await ann.claim(), { name: first.name, status: 'reconnected' });
  t.like(await bob.claim(), { name: second.name, status: 'reconnected' });
});
