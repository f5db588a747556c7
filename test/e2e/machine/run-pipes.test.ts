// Large streams through the pipes of a run, by either route, and a reader that pauses. `npm run test:long` sends more.

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { builtCli, createCli } from '../../helpers/cli.ts';
import { startConnectProxy } from '../../helpers/connect-proxy.ts';
import { budget } from '../../helpers/long.ts';
import { childOf, memoryOf, podServer, unnamedFilesOf } from '../../helpers/pod-server.ts';
import { isClaimed, shareLocalSystem } from '../../helpers/system.ts';

const system = shareLocalSystem(test, { replicas: 2, settings: { spare: '1', max: '6' } });

const megabyte = 1_000_000;
const bothWays = budget({ short: 20, long: 100 });
const oneWay = budget({ short: 300, long: 5_000 });
/** Megabytes: data in flight, and garbage that V8 has not collected yet. */
const mostGrowth = 100;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** A client whose route shows in the targets of its proxy: for the relay that is only the page. */
async function clientOf(t: ExecutionContext, way: 'direct' | 'relay') {
  const page = Number(new URL(system().pageUrl).port);
  const proxy = await startConnectProxy(t, { leadsTo: (port) => way === 'direct' || port === page });
  const cli = createCli(t, system().pageUrl);
  return { cli, env: { ...cli.env, HTTP_PROXY: proxy.url } };
}

const claimed = async () => (await system().kubernetes.pods()).filter(isClaimed).map(({ metadata }) => metadata.uid);

/** Reads this many bytes of a stream, and then stops. */
async function take(stream: Readable, bytes: number, see: (piece: Buffer) => void): Promise<void> {
  for (let left = bytes; left > 0; ) {
    const piece = stream.read(Math.min(left, stream.readableLength)) as Buffer | null;
    if (piece === null || piece.length === 0) await once(stream, 'readable');
    else {
      left -= piece.length;
      see(piece);
    }
  }
}

/**
 * Waits until a process has written nothing for half a second, because its reader has stopped after `taken` bytes. Throws if the
 * process writes far more.
 */
async function stopsWriting(pid: number, taken: number): Promise<void> {
  const written = () => Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
  for (let before = -1, same = 0; same < 5; ) {
    const now = written();
    if (now - taken > 100 * megabyte) throw new Error(`${now} bytes are written, of which ${taken} are read.`);
    same = now === before ? same + 1 : 0;
    before = now;
    await delay(100);
  }
}

for (const way of ['direct', 'relay'] as const) {
  test.serial(`pipes, ${way}: ${bothWays} MB go both ways at once, with the same SHA-256`, async (t) => {
    const { cli, env } = await clientOf(t, way);
    const bytes = randomBytes(bothWays * megabyte);
    const { code, stdout, stderr } = await cli.run(['run', '--', 'cat'], { input: bytes, env });
    t.deepEqual([code, stderr], [0, '']);
    t.is(sha256(stdout), sha256(bytes));
  });

  test.serial(
    `pipes, ${way}: ${oneWay} MB with a stalled reader accumulate neither in memory nor on disk`,
    async (t) => {
      t.timeout(600_000);
      const { env } = await clientOf(t, way);
      const before = await claimed();
      const args = [builtCli, 'run', '--', 'cat', '/dev/zero'];
      const client = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      t.teardown(() => void client.kill('SIGKILL'));
      const [received, sent] = [createHash('sha256'), createHash('sha256')];
      const see = (piece: Buffer) => {
        received.update(piece);
        sent.update(Buffer.alloc(piece.length));
      };
      await take(client.stdout, megabyte, see);
      const uid = (await claimed()).find((each) => !before.includes(each));
      const server = podServer(uid!);
      const command = childOf(server, 'cat');
      const look = () => ({
        client: memoryOf(client.pid!),
        pod: memoryOf(server),
        relay: memoryOf(system().webserver.pid!),
        disk: unnamedFilesOf(server),
      });
      const first = look();
      const most = { ...first };
      for (let taken = megabyte; taken < oneWay * megabyte; taken += 10 * megabyte) {
        if (taken % (100 * megabyte) === megabyte) await stopsWriting(command, taken);
        await take(client.stdout, 10 * megabyte, see);
        const now = look();
        for (const what of ['client', 'pod', 'relay', 'disk'] as const) most[what] = Math.max(most[what], now[what]);
      }
      t.log('megabytes at first', first, 'and at most', most);
      for (const what of ['client', 'pod', 'relay'] as const)
        t.true(most[what] - first[what] < mostGrowth, `${what}: ${first[what]} MB at first, ${most[what]} MB at most`);
      // The buffers of both streams.
      t.true(most.disk <= 8, `${most.disk} MB of disk`);
      t.is(received.digest('hex'), sent.digest('hex'));
      client.stdout.destroy();
      t.deepEqual(await once(client, 'exit'), [141, null]);
    },
  );
}
