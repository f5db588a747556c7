import test from 'ava';
import { paths } from '../../common/terminals-api.ts';
import { endpointOf } from '../../frontend/endpoint.ts';
import type { Attach } from '../../frontend/session/state.ts';

const page = { base: new URL('https://shell.example.org/'), query: { pool: 'the pool' } };
const to = (route: Attach['route'], base = page.base) =>
  endpointOf(
    { at: 'attach', opened: { url: 'http://192.0.2.7:30123' } as Attach['opened'], route, patienceMs: 1_234 },
    { ...page, base },
  );

test('endpoint: the direct route has the terminal’s address, without data of the page', (t) => {
  t.like(to('direct'), { url: 'http://192.0.2.7:30123', path: '/socket.io', query: {}, patienceMs: 1_234 });
});

test('endpoint: the relay is at the page’s own origin, with the terminal in the query', (t) => {
  t.like(to('relay'), { url: page.base.origin, path: paths.relay, query: { pool: 'the pool' } });
  const below = to('relay', new URL('https://shell.example.org/a/shell/'));
  t.like(below, { url: page.base.origin, path: `/a/shell${paths.relay}` });
});
