// A container's output: one file for each time it was started, read back as `kubectl logs` asks for it.

import { createReadStream, existsSync, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../api/objects.ts';
import type { Answer } from '../api/routes.ts';
import { badRequest } from '../api/status.ts';

const type = 'text/plain';

export const logPath = (directory: string, container: string, restart: number): string =>
  join(directory, `${container}-${restart}.log`);

/** `directory` is where the pod's logs are. Throws 400 for what cannot be told. */
export async function readLog(pod: Pod, directory: string | undefined, query: URLSearchParams): Promise<Answer> {
  const { name: podName } = pod.metadata;
  const names = pod.spec.containers.map(({ name }) => name);
  const name = query.get('container') || (names.length === 1 ? names[0]! : undefined);
  if (name === undefined)
    throw badRequest(`a container name must be specified for pod ${podName}, choose one of: [${names.join(' ')}]`);
  if (!names.includes(name)) throw badRequest(`container ${name} is not valid for pod ${podName}`);
  for (const unknown of ['sinceSeconds', 'sinceTime', 'timestamps']) {
    if (query.get(unknown) && query.get(unknown) !== 'false')
      throw badRequest(`${unknown} is not supported: this node keeps no times with its logs`);
  }
  const status = pod.status.containerStatuses?.find((one) => one.name === name);
  const previous = query.get('previous') === 'true' ? 1 : 0;
  const path = directory && logPath(directory, name, (status?.restartCount ?? 0) - previous);
  if (!path || !existsSync(path)) {
    if (previous) throw badRequest(`previous terminated container "${name}" in pod "${podName}" not found`);
    const reason = status?.state.waiting?.reason ?? 'ContainerCreating';
    throw badRequest(`container "${name}" in pod "${podName}" is waiting to start: ${reason}`);
  }
  const tail = count(query, 'tailLines');
  const from = tail === undefined ? 0 : await startOfTail(path, tail);
  const limit = count(query, 'limitBytes');
  if (query.get('follow') === 'true' && status?.state.running) return follow(path, from, query);
  const end = limit === undefined ? Number.POSITIVE_INFINITY : from + limit - 1;
  return { type, start: ({ write, end: done }) => pipe(path, { start: from, end }, write, done) };
}

function count(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`${name} must be a whole number`);
  return Number(text);
}

function pipe(
  path: string,
  range: { start: number; end?: number },
  write: (text: string) => void,
  done: () => void,
): () => void {
  if (range.end !== undefined && range.end < range.start) {
    done();
    return () => {};
  }
  const stream = createReadStream(path, { ...range, encoding: 'utf8' });
  stream.on('data', (text) => write(String(text)));
  stream.once('end', done);
  stream.once('error', done);
  return () => stream.destroy();
}

// Until the reader leaves, or the file goes with its pod.
function follow(path: string, from: number, query: URLSearchParams): Answer {
  void query;
  return {
    type,
    start: ({ write, end }) => {
      let [at, reading, again] = [from, false, false];
      const watcher = watch(path, (event) => (event === 'rename' ? finish() : more()));
      const finish = () => {
        watcher.close();
        end();
      };
      const more = () => {
        again = reading;
        if (reading) return;
        reading = true;
        const stream = createReadStream(path, { start: at });
        stream.on('data', (bytes) => {
          at += bytes.length;
          write(String(bytes));
        });
        stream.once('error', finish);
        stream.once('end', () => {
          reading = false;
          if (again) more();
        });
      };
      more();
      return () => watcher.close();
    },
  };
}

/** Where the last `lines` lines begin, in bytes. */
async function startOfTail(path: string, lines: number): Promise<number> {
  const { size } = await stat(path);
  if (lines === 0) return size;
  const file = await open(path);
  try {
    const block = Buffer.alloc(65_536);
    let found = 0;
    for (let end = size; end > 0; ) {
      const start = Math.max(0, end - block.length);
      const { bytesRead } = await file.read(block, 0, end - start, start);
      for (let i = bytesRead - 1; i >= 0; i--) {
        if (block[i] !== 10 || start + i === size - 1) continue;
        found += 1;
        if (found === lines) return start + i + 1;
      }
      end = start;
    }
    return 0;
  } finally {
    await file.close();
  }
}
