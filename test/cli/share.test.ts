// `warmterm share`: the built client against the real webserver and the real manager over a model cluster.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import express from 'express';
import { decodeJwt } from 'jose';
import { notFound, problemHandler } from '../../common/http/server.ts';
import { linkParameter, openedLinkSchema } from '../../common/terminals-api.ts';
import { ticketSchema } from '../../common/ticket.ts';
import { createCli } from '../helpers/cli.ts';
import { settle, silent } from '../helpers/manager.ts';
import { createManagerApp } from '../helpers/manager-app.ts';
import { startWebserver } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';
import { listen } from '../helpers/webserver-listen.ts';

const oneLine = /^warmterm: [^\n]+\n$/;

/** `own`: whether the client has a terminal. */
async function setUp(t: ExecutionContext, { own = true } = {}) {
  const time = { now: 1_700_000_000_000 };
  const { app, model, manager, webToken: token } = await createManagerApp({ clock: () => time.now });
  t.teardown(() => manager.stop());
  const { url } = await startWebserver(t, { WARMTERM_MANAGER_URL: (await listen(t, app)).url }, { token });
  const cli = createCli(t, url);
  if (own) {
    const visitor = createVisitor(url);
    t.is((await visitor.send('POST', '/api/terminals', { body: {} })).status, 201);
    await settle(model, manager);
    cli.env.WARMTERM_IDENTITY_FILE = join(cli.env.HOME!, 'id');
    writeFileSync(cli.env.WARMTERM_IDENTITY_FILE, visitor.id!, { mode: 0o600 });
  }
  const open = async (link: string) => {
    const token = new URLSearchParams(new URL(link).hash.slice(1)).get(linkParameter);
    const response = await fetch(`${url}/api/links/open`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, name: 'Vera', guest: 'g'.repeat(22) }),
    });
    return { status: response.status, body: (await response.json()) as { code?: string } };
  };
  return { url, time, model, manager, cli, open };
}

test.serial('share: prints only the link, which brings a guest a ticket of its role until it expires', async (t) => {
  const { url, time, model, cli, open } = await setUp(t);
  const { writes } = model;
  for (const [args, role, until, can] of [
    [[], 'viewer', '2023-11-14T23:13:20.000Z', /can see your terminal/],
    [['--role', 'editor', '--expires', '15m', '--label', 'Vera'], 'editor', '2023-11-14T22:28:20.000Z', /type in it/],
  ] as const) {
    const { code, stdout, stderr } = await cli.run(['share', ...args]);
    t.is(code, 0, stderr);
    t.regex(stderr, oneLine);
    t.regex(stderr, can);
    t.true(stderr.includes(`until ${until}`), stderr);
    const [link, rest] = String(stdout).split('\n');
    t.true(link!.startsWith(`${url}/#share=`), link);
    t.is(rest, '');
    const { ticket, ...opened } = openedLinkSchema.parse((await open(link!)).body);
    t.like(opened, { role, pool: 'default' });
    t.like(ticketSchema.parse(decodeJwt(ticket)), { role, guest: { name: 'Vera' } });
    if (role === 'viewer') continue;
    time.now = Date.parse(until);
    t.is((await open(link!)).body.code, 'link-ended');
  }
  t.is(model.writes, writes);
});

test.serial('share --end: ends the links that were made before, not those made after', async (t) => {
  const { model, manager, cli, open } = await setUp(t);
  const links = [await cli.run(['share']), await cli.run(['share', '--role', 'editor'])];
  const { writes } = model;
  const { code, stdout, stderr } = await cli.run(['share', '--end']);
  t.deepEqual([code, String(stdout)], [0, '']);
  t.regex(stderr, /^warmterm: all links to your terminal have ended[^\n]*\n$/);
  t.is(model.writes, writes + 1);
  await settle(model, manager);
  for (const link of links) {
    const { status, body } = await open(String(link.stdout).trim());
    t.deepEqual([status, body.code], [410, 'link-ended']);
  }
  t.is((await open(String((await cli.run(['share'])).stdout).trim())).status, 200);
});

test.serial('share: bad input: one line, exit code 125, no link and no write', async (t) => {
  const { model, cli } = await setUp(t);
  const { writes } = model;
  for (const [args, expected] of [
    [['--role', 'owner'], /--role owner: .*viewer or editor/],
    [['--expires', 'soon'], /--expires soon: .*1m to 7d/],
    [['--expires', '59s'], /--expires 59s: .*1m to 7d/],
    [['--expires', '8d'], /--expires 8d: .*1m to 7d/],
    [['--label', 'x'.repeat(41)], /label/],
    [['--label', 'a\u001b[31mb'], /label/],
    [['--end', '--role', 'editor'], /--end.*cannot be used with.*--role/],
    [['--pool', 'other'], /There is no pool named other/],
    [['extra'], /too many arguments/],
  ] as const) {
    const { code, stdout, stderr } = await cli.run(['share', ...args]);
    t.deepEqual([code, String(stdout)], [125, ''], args.join(' '));
    t.regex(stderr, oneLine);
    t.regex(stderr, expected);
  }
  t.is(model.writes, writes);
});

test.serial(
  'share: without a terminal, with an old server and without a server: one line, exit code 125',
  async (t) => {
    const { model, cli } = await setUp(t, { own: false });
    const { writes } = model;
    const old = await listen(t, express().use(notFound).use(problemHandler(silent)));
    for (const [url, expected] of [
      [cli.env.WARMTERM_URL!, /You have no terminal\. To get one/],
      [old.url, /too old to share terminals/],
      ['http://127.0.0.1:9', /nothing listens there/],
    ] as const) {
      for (const args of [[], ['--end']]) {
        const { code, stdout, stderr } = await cli.run(['share', ...args], { env: { WARMTERM_URL: url } });
        t.deepEqual([code, String(stdout)], [125, ''], `${url} ${args}`);
        t.regex(stderr, oneLine);
        t.regex(stderr, expected);
      }
    }
    t.is(model.writes, writes);
  },
);
