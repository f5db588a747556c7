// A container's output: one file for each of its starts, for `kubectl logs` (`-f`, `--previous`, `--tail`).

import { createReadStream, existsSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../api/objects.ts';
import type { Answer } from '../api/routes.ts';
import { numberOf } from '../api/selectors.ts';
import { badRequest } from '../api/status.ts';
import type { Sink } from '../api/watch.ts';

const type = 'text/plain';

export const logPath = (directory: string, container: string, restart: number): string =>
  join(directory, `${container}-${restart}.log`);

/** `directory` is the folder of the pod's logs. Throws 400 when there is no such log. */
export function readLog(pod: Pod, directory: string | undefined, query: URLSearchParams): Answer {
  for (const name of ['sinceSeconds', 'sinceTime', 'limitBytes']) {
    if (query.get(name)) throw badRequest(`${name} is not supported by this node`);
  }
  const name = query.get('container') || pod.spec.containers[0]!.name;
  const status = pod.status.containerStatuses?.find((one) => one.name === name);
  const restart = (status?.restartCount ?? 0) - (query.get('previous') === 'true' ? 1 : 0);
  const path = directory && logPath(directory, name, restart);
  if (!path || !existsSync(path)) throw badRequest(`container "${name}" of pod "${pod.metadata.name}" has no such log`);
  // Not asynchronous: the pod may end meanwhile, and a removed file cannot be watched.
  const content = readFileSync(path);
  const start = startOfTail(content, numberOf(query, 'tailLines'));
  const follows = query.get('follow') === 'true' && status?.state.running !== undefined;
  if (follows) return { type, start: (sink) => follow(path, start, sink) };
  return { status: 200, type, body: content.toString('utf8', start) };
}

/** The position at which the last `lines` lines begin. */
function startOfTail(content: Buffer, lines: number | undefined): number {
  if (lines === undefined) return 0;
  if (lines === 0) return content.length;
  let at = content.length - 1;
  for (let found = 0; at >= 0 && found < lines; found++) at = at === 0 ? -1 : content.lastIndexOf('\n', at - 1);
  return at + 1;
}

/** Writes what is in the file and what comes, until the file is removed with its pod. */
function follow(path: string, from: number, sink: Sink): () => void {
  let [at, reading, again] = [from, false, false];
  const watcher = watch(path, (event) => (event === 'rename' ? finish() : more()));
  const finish = () => {
    watcher.close();
    sink.end();
  };
  const more = () => {
    again = reading;
    if (reading) return;
    reading = true;
    const stream = createReadStream(path, { start: at });
    stream.on('data', (bytes) => {
      at += bytes.length;
      sink.write(String(bytes));
    });
    stream.once('error', finish);
    stream.once('end', () => {
      reading = false;
      if (again) more();
    });
  };
  more();
  return () => watcher.close();
}
