import { getEventListeners } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { closeConnection, type Dial, DialError, dial } from '../../../cli/connection/dial.ts';
import { freePort } from '../../../local/ports.ts';
import { startFakePod } from '../../helpers/cli-pod.ts';
import { listen } from '../../helpers/webserver-listen.ts';

const to = (port: number, more: Partial<Dial> = {}): Dial => ({
  ...{ url: `http://127.0.0.1:${port}`, path: '/socket.io', query: {}, namespace: '/runs', auth: {}, ticket: 'ticket' },
  ...{ agent: undefined, patienceMs: 20_000, ...more },
});
const listeners = (t: ExecutionContext, { signal }: AbortController, title: string) =>
  t.is(getEventListeners(signal, 'abort').length, 0, title);

test('dial: removes its abort listener with the connection', async (t) => {
  const over = new AbortController();
  const nothing = await t.throwsAsync(
    dial(to(await freePort()), () => {}, over.signal),
    { instanceOf: DialError },
  );
  t.is(nothing.how, 'turned away');
  listeners(t, over, 'turned away');

  const silent = await listen(t, () => {});
  const late = dial(to(silent.port, { patienceMs: 50 }), () => {}, over.signal);
  t.is((await t.throwsAsync(late, { instanceOf: DialError })).how, 'unanswered');
  listeners(t, over, 'unanswered');

  const pod = await startFakePod(t);
  const socket = await dial(to(pod.port), () => {}, over.signal);
  t.is(getEventListeners(over.signal, 'abort').length, 1);
  const closed = new Promise((resolve) => socket.once('disconnect', resolve));
  closeConnection(socket);
  await closed;
  listeners(t, over, 'connected');
});

test('dial: an abort ends it with its reason, before and after it is connected', async (t) => {
  const before = new AbortController();
  const silent = await listen(t, () => before.abort(new Error('enough')));
  await t.throwsAsync(
    dial(to(silent.port), () => {}, before.signal),
    { message: 'enough' },
  );

  const after = new AbortController();
  const pod = await startFakePod(t);
  const socket = await dial(to(pod.port), () => {}, after.signal);
  after.abort();
  t.false(socket.connected);
});

test('dial: says what the WebSocket was answered', async (t) => {
  for (const [status, said] of [
    [426, 'the answer to the WebSocket was 426: a proxy on the way drops the Upgrade header'],
    [502, 'the answer to the WebSocket was 502'],
  ] as const) {
    const proxy = await listen(t, (_, response) => void response.writeHead(status).end());
    const error = await t.throwsAsync(dial(to(proxy.port), () => {}, new AbortController().signal));
    t.is(error.message, said);
  }
  const error = await t.throwsAsync(dial(to(await freePort()), () => {}, new AbortController().signal));
  t.regex(error.message, /ECONNREFUSED/);
});
