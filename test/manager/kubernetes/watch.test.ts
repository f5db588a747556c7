// The watch against an API server and a network that fail in every known way.

import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createTransport } from '../../../manager/kubernetes/transport.ts';
import { listAndWatch, type WatchClock } from '../../../manager/kubernetes/watch.ts';
import { silent } from '../../helpers/manager.ts';

type Answer = (response: ServerResponse, url: URL, stop: () => void) => void;
const object = (name: string, resourceVersion: number) => ({
  metadata: { name, uid: name, resourceVersion: String(resourceVersion) },
});
const event = (type: string, name: string, version: number) =>
  `${JSON.stringify({ type, object: object(name, version) })}\n`;
const list =
  (version: number, ...names: string[]): Answer =>
  (response) =>
    response.end(
      JSON.stringify({
        metadata: { resourceVersion: String(version) },
        items: names.map((name) => object(name, version)),
      }),
    );
const silence: Answer = (response) => void response.writeHead(200).flushHeaders();

/** Serves one of `answers` to each request and repeats the last. Returns what the watch reported once `until` holds. */
async function watchThrough(
  t: ExecutionContext,
  answers: Answer[],
  until: (seen: string[]) => boolean,
  deadlineMs = 2_000,
  clock?: WatchClock,
  silenceMs?: number,
) {
  const abort = new AbortController();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://server');
    requests.push(url.searchParams.has('watch') ? `watch from ${url.searchParams.get('resourceVersion')}` : 'list');
    answers[Math.min(requests.length, answers.length) - 1]!(response, url, () => abort.abort());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const directory = mkdtempSync(join(tmpdir(), 'watch-'));
  process.env.KUBECONFIG = join(directory, 'kubeconfig');
  writeFileSync(process.env.KUBECONFIG, kubeconfig(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  const told: number[] = [];
  const transport = createTransport({ deadlineMs, onAnswer: (_, status) => told.push(status) });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
    transport.close();
    rmSync(directory, { recursive: true });
  });
  const seen: string[] = [];
  let broken = 0;
  let listeners = 0;
  const see = (what: string) => {
    listeners = Math.max(listeners, getEventListeners(abort.signal, 'abort').length);
    seen.push(what);
    if (until(seen)) abort.abort();
  };
  await listAndWatch(
    {
      transport,
      path: '/api/v1/things',
      labelSelector: 'x',
      log: silent,
      onObject: (name, raw) => see(raw ? `${name}@${raw.metadata.resourceVersion}` : `${name} gone`),
      onBroken: () => void broken++,
      onListed: () => see('listed'),
      ...(clock && { clock }),
      ...(silenceMs && { silenceMs }),
    },
    abort.signal,
  );
  return { seen, requests, told, broken, listeners };
}

const kubeconfig = (server: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'ns' } }],
    'current-context': 'x',
  });

const sees = (what: string) => (seen: string[]) => seen.includes(what);

test.serial('watch: lists, then watches from the version of the list', async (t) => {
  const { seen, requests } = await watchThrough(
    t,
    [list(5, 'a'), (response) => response.write(event('MODIFIED', 'a', 6) + event('DELETED', 'a', 7))],
    sees('a gone'),
  );
  t.deepEqual(seen, ['a@5', 'listed', 'a@6', 'a gone']);
  t.deepEqual(requests, ['list', 'watch from 5']);
});

test.serial('inv 9: watch: resumes after a reset in the middle of a line', async (t) => {
  const { seen, requests } = await watchThrough(
    t,
    [
      list(5),
      (response) => {
        response.write(event('ADDED', 'a', 6) + event('ADDED', 'b', 7).slice(0, 20));
        setImmediate(() => response.destroy());
      },
      (response) => response.write(event('ADDED', 'b', 7)),
    ],
    sees('b@7'),
  );
  t.deepEqual(seen, ['listed', 'a@6', 'b@7']);
  t.deepEqual(requests, ['list', 'watch from 5', 'watch from 6']);
});

test.serial('watch: lists again when its version is too old, and reports what was deleted meanwhile', async (t) => {
  const gone = `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`;
  const { seen } = await watchThrough(
    t,
    [list(5, 'a', 'b'), (response) => response.end(gone), list(90, 'b', 'c'), silence],
    (seen) => seen.filter((what) => what === 'listed').length === 2,
  );
  t.deepEqual(seen, ['a@5', 'b@5', 'listed', 'b@90', 'c@90', 'a gone', 'listed']);
});

test.serial('watch: a bookmark advances the version', async (t) => {
  const { requests } = await watchThrough(
    t,
    [
      list(5),
      (response) => response.end(event('BOOKMARK', '', 44)),
      (response) => response.write(event('ADDED', 'a', 45)),
    ],
    sees('a@45'),
  );
  t.deepEqual(requests, ['list', 'watch from 5', 'watch from 44']);
});

test.serial('watch: survives errors, invalid data and refused connections', async (t) => {
  const refuse =
    (status: number): Answer =>
    (response) =>
      response.writeHead(status).end('{"kind":"Status","message":"no"}');
  const { seen, told, broken } = await watchThrough(
    t,
    [
      refuse(500),
      refuse(429),
      (response) => response.destroy(),
      (response) => response.end('<html>'),
      list(5),
      refuse(403),
      (response) => response.end('garbage\n'),
      (response) => response.end(),
      (response) => response.write(event('ADDED', 'a', 6)),
    ],
    sees('a@6'),
    2_000,
    { monotonic: () => 0, delay: async () => {} },
  );
  t.deepEqual(seen, ['listed', 'a@6']);
  t.deepEqual(told, [500, 429, 0, 200, 200, 403, 200, 200, 200], 'what is counted of answers');
  t.is(broken, 6, 'what is counted of watches; one that ends in order is none');
});

test.serial('watch: one abort listener, however often it reconnects', async (t) => {
  const once =
    (version: number): Answer =>
    (response) =>
      response.end(event('MODIFIED', 'a', version));
  const versions = Array.from({ length: 30 }, (_, index) => index + 6);
  const { seen, listeners } = await watchThrough(t, [list(5), ...versions.map(once)], sees('a@35'));
  t.is(seen.length, 31);
  t.is(listeners, 1);
});

test.serial('watch: reads a long list in pages', async (t) => {
  const page =
    (name: string, next: string): Answer =>
    (response) =>
      response.end(JSON.stringify({ metadata: { resourceVersion: '5', continue: next }, items: [object(name, 5)] }));
  const { seen } = await watchThrough(t, [page('a', 'more'), page('b', ''), silence], sees('listed'));
  t.deepEqual(seen, ['a@5', 'b@5', 'listed']);
});

test.serial('watch: a stop ends an unanswered list, at the first page or a later one', async (t) => {
  // Longer than the test may take, so that only the stop can end it.
  const deadlineMs = 3_600_000;
  const stop: Answer = (_response, _url, stop) => stop();
  const page: Answer = (response) => response.end('{"metadata":{"resourceVersion":"5","continue":"more"},"items":[]}');
  for (const answers of [[stop], [page, stop]]) {
    const { seen, broken } = await watchThrough(t, answers, () => false, deadlineMs);
    t.deepEqual([seen, broken], [[], 0]);
  }
});

test.serial('inv 12: watch: restarts when nothing arrives, not even a bookmark', async (t) => {
  t.timeout(20_000);
  // Longer than the test may take, so that only the missing events can end the first watch.
  const deadlineMs = 3_600_000;
  const answers: Answer[] = [list(5), silence, (response) => response.write(event('ADDED', 'a', 6))];
  const { seen, requests } = await watchThrough(t, answers, sees('a@6'), deadlineMs, undefined, 50);
  t.deepEqual(seen, ['listed', 'a@6']);
  t.deepEqual(requests.slice(0, 3), ['list', 'watch from 5', 'watch from 5']);
});

test.serial('watch: ignores repeated and late events', async (t) => {
  const { seen } = await watchThrough(
    t,
    [
      list(5, 'a'),
      (response) =>
        response.write(
          event('MODIFIED', 'a', 7) +
            event('MODIFIED', 'a', 6) +
            event('MODIFIED', 'a', 7) +
            // A successor of the same name, then the deletion of the old object.
            event('ADDED', 'a', 9) +
            event('DELETED', 'a', 8) +
            event('DELETED', 'b', 12) +
            event('ADDED', 'b', 11) +
            event('ADDED', 'c', 4) +
            event('ADDED', 'b', 13),
        ),
    ],
    sees('b@13'),
  );
  t.deepEqual(seen, ['a@5', 'listed', 'a@7', 'a@9', 'b gone', 'b@13']);
});

test.serial(
  'inv 2: a list that is older than what was told is asked for again, and nothing in it is believed',
  async (t) => {
    const gone = `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`;
    const { seen, requests } = await watchThrough(
      t,
      [list(5, 'a'), (response) => response.end(event('ADDED', 'b', 7) + gone), list(6, 'a'), list(8, 'b'), silence],
      (seen) => seen.filter((what) => what === 'listed').length === 2,
    );
    t.deepEqual(seen, ['a@5', 'listed', 'b@7', 'b@8', 'a gone', 'listed']);
    t.deepEqual(requests.slice(0, 4), ['list', 'watch from 5', 'list', 'list']);
  },
);

const status = (code: number) => `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code } })}\n`;

/**
 * The requests that a watch sends in a minute to a server that answers each one by `answer`. Time passes in pauses, and by `pass`, which
 * calls `then` once the watch has seen its answer and that many milliseconds have passed.
 */
async function watchForAMinute(
  t: ExecutionContext,
  answer: (response: ServerResponse, pass: (ms: number, then: () => void) => void, count: number) => void,
  answerList: Answer = list(5),
) {
  let now = 0;
  let count = 0;
  const pauses: number[] = [];
  let onOpen = () => {};
  const clock: WatchClock = {
    monotonic: () => {
      const at = now;
      onOpen();
      return at;
    },
    delay: async (ms) => {
      pauses.push(ms);
      now += ms;
    },
  };
  const serve: Answer = (response, url, stop) => {
    // The limit on requests stops a watch that retries without a pause.
    if (now >= 60_000 || ++count >= 2_000) return stop();
    if (!url.searchParams.has('watch')) return answerList(response, url, stop);
    const pass = (ms: number, then: () => void) => {
      onOpen = () => {
        onOpen = () => {};
        now += ms;
        then();
      };
      response.flushHeaders();
    };
    answer(response, pass, count);
  };
  await watchThrough(t, [serve], () => false, 3_600_000, clock);
  return { count, pauses, longest: Math.max(0, ...pauses) };
}

const fruitless: Record<string, [answer: (response: ServerResponse) => void, list?: Answer]> = {
  'ERROR 410 after each list': [(response) => response.end(status(410))],
  'ERROR 500': [(response) => response.end(status(500))],
  'one BOOKMARK and the end': [(response) => response.end(event('BOOKMARK', '', 6))],
  'an empty body': [(response) => response.end()],
  'the same event again and again': [(response) => response.end(event('MODIFIED', 'a', 6))],
  'a reset': [(response) => response.destroy()],
  '410 at the list': [() => {}, (response) => response.writeHead(410).end('{"kind":"Status","code":410}')],
  'a list without an end': [
    () => {},
    (response) => response.end('{"metadata":{"resourceVersion":"5","continue":"more"},"items":[]}'),
  ],
};
for (const [what, [answer, answerList]] of Object.entries(fruitless)) {
  test.serial(`watch: backs off from ${what}`, async (t) => {
    const { count } = await watchForAMinute(t, answer, answerList);
    t.true(count < 60, `${count} requests in a minute`);
  });
}

test.serial('watch: does not pause after an event, even if the connection closes after each', async (t) => {
  const { pauses, count } = await watchForAMinute(t, (response, pass, count) => {
    pass(500, () => response.end(event('MODIFIED', 'a', 5 + count)));
  });
  t.deepEqual(pauses, []);
  t.true(count > 100, `${count} requests`);
});

for (const ms of [2_000, 30_000]) {
  test.serial(`watch: starts again at once where a proxy closes idle watches after ${ms} ms`, async (t) => {
    const { pauses, count } = await watchForAMinute(t, (response, pass) => pass(ms, () => response.end()));
    t.deepEqual(pauses, []);
    t.true(count < 60, `${count} requests`);
  });
}

test.serial('watch: starts again soon where a proxy resets watches that have lasted', async (t) => {
  const { longest, count } = await watchForAMinute(t, (response, pass) => pass(2_000, () => response.destroy()));
  t.true(longest <= 100, `${longest} ms`);
  t.true(count > 25, `${count} requests`);
});
