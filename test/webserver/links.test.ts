// Links to a terminal over HTTP, in front of a manager double.

import test from 'ava';
import { problemSchema } from '../../common/http/problem.ts';
import { linkSchema } from '../../common/manager-api.ts';
import { openedLinkSchema, visitorHeader } from '../../common/terminals-api.ts';
import { startWebserver } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';

const guest = 'g'.repeat(22);

async function open(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(new URL('/api/links/open', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

test('links: the owner makes one, and a guest opens it without a visitor id', async (t) => {
  const { url, manager } = await startWebserver(t);
  const owner = createVisitor(url);
  const { body: terminal } = await owner.send('POST', '/api/terminals', { body: {} });
  const made = await owner.send('POST', '/api/terminals/current/links', { body: { role: 'editor', label: 'Vera' } });
  t.is(made.status, 201);
  const { token } = linkSchema.parse(made.body);
  t.like(manager.requests.at(-1)?.body, { role: 'editor', label: 'Vera', expiresInMs: 3_600_000 });
  const opened = await open(url, { token, name: 'Vera', guest });
  t.is(opened.status, 200);
  t.like(openedLinkSchema.parse(opened.body), {
    name: terminal.name,
    url: terminal.url,
    role: 'editor',
    pool: 'default',
  });
  t.is(opened.headers.get(visitorHeader), null);
  t.is(opened.headers.get('cache-control'), 'no-store');
});

test('links: the owner ends them all', async (t) => {
  const { url } = await startWebserver(t);
  const owner = createVisitor(url);
  await owner.send('POST', '/api/terminals', { body: {} });
  const { body } = await owner.send('POST', '/api/terminals/current/links', { body: { role: 'viewer' } });
  t.is((await owner.send('DELETE', '/api/terminals/current/links')).status, 204);
  const { status, body: problem } = await open(url, { token: body.token, name: 'Vera', guest });
  t.is(status, 410);
  t.is(problemSchema.parse(problem).code, 'link-ended');
});

test('links: none without a terminal', async (t) => {
  const { url } = await startWebserver(t);
  const stranger = createVisitor(url);
  t.is((await stranger.send('POST', '/api/terminals/current/links', { body: { role: 'viewer' } })).status, 404);
  t.is((await stranger.send('DELETE', '/api/terminals/current/links')).status, 404);
});

test('inv 10: links: bad input gets 400 and reaches no manager', async (t) => {
  const { url, manager } = await startWebserver(t);
  const owner = createVisitor(url);
  await owner.send('POST', '/api/terminals', { body: {} });
  const before = manager.requests.length;
  const wrong = [
    {},
    { role: 'owner' },
    { role: 'host' },
    { role: 'viewer', expiresInMs: 59_999 },
    { role: 'viewer', expiresInMs: 8 * 86_400_000 },
    { role: 'viewer', label: 'x'.repeat(41) },
    { role: 'viewer', label: 'a\nb' },
    { role: 'viewer', unknown: 1 },
  ];
  for (const body of wrong) {
    const { status } = await owner.send('POST', '/api/terminals/current/links', { body });
    t.is(status, 400, JSON.stringify(body));
  }
  const names = ['', ' ', 'x'.repeat(41), 'a\u001b[31mb', 'a\u202eb', 'a\u2028b', 7, undefined];
  for (const name of names) t.is((await open(url, { token: 't', name, guest })).status, 400, String(name));
  for (const secret of ['', 'short', 'g'.repeat(23), undefined]) {
    t.is((await open(url, { token: 't', name: 'Vera', guest: secret })).status, 400, String(secret));
  }
  t.is((await open(url, { token: 't'.repeat(2_049), name: 'Vera', guest })).status, 400);
  t.is(manager.requests.length, before);
});

test('links: a page of another origin cannot make, end or open one', async (t) => {
  const { url } = await startWebserver(t);
  const owner = createVisitor(url);
  await owner.send('POST', '/api/terminals', { body: {} });
  const headers = { origin: 'https://other.example', 'sec-fetch-site': 'cross-site' };
  const made = await owner.send('POST', '/api/terminals/current/links', { body: { role: 'viewer' }, headers });
  t.is(made.status, 403);
  t.is((await owner.send('DELETE', '/api/terminals/current/links', { headers })).status, 403);
  t.is((await open(url, { token: 't', name: 'Vera', guest }, headers)).status, 403);
});
