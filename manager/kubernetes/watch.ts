// One list-and-watch, restarted for ever until aborted: list, then watch from the list's resourceVersion with bookmarks;
// list again on 410, and continue from the last version after anything else. Without progress, restarts back off: progress is
// an event that was not known, or a watch that lasted. An answer, a list or a bookmark is none: a broken API server or proxy
// sends those as fast as it is asked. What is older than what was told already is not told: whatever repeats or delays
// answers on the way, nobody is taken back in time.
// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

import { setTimeout as delay } from 'node:timers/promises';
import { pauseMs } from '../../common/backoff.ts';
import { startDeadline } from '../../common/deadline.ts';
import type { Logger } from '../../common/log.ts';
import { ApiError } from './api-error.ts';
import type { ObjectMeta } from './objects.ts';
import { SeenVersions } from './seen-versions.ts';
import type { Transport } from './transport.ts';

type RawObject = { metadata: ObjectMeta };
type RawList = { metadata: { resourceVersion: string; continue?: string }; items: RawObject[] };
type RawEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: RawObject }
  | { type: 'ERROR'; object: { code?: number; reason?: string; message?: string } };

/** Milliseconds that no setting of the clock changes, and a pause that rejects when `signal` is aborted. */
export type WatchClock = { monotonic: () => number; delay: (ms: number, signal: AbortSignal) => Promise<void> };

export type WatchOptions = {
  transport: Transport;
  /** Path of the collection, such as /api/v1/nodes. */
  path: string;
  labelSelector?: string;
  log: Logger;
  /** An object as it now is, or undefined once it is gone. */
  onObject(name: string, object: RawObject | undefined): void;
  /** The watch has broken, and is started again. */
  onBroken(): void;
  /** After each complete list. */
  onListed(): void;
  clock?: WatchClock;
  /** For how long a stream may be silent, in milliseconds. */
  silenceMs?: number;
};

const pageSize = 500;
const watchSeconds = 300;
// The API server sends a bookmark about once a minute: a stream that is silent for longer than this is dead.
const longestSilenceMs = 130_000;
const backoff = { firstMs: 100, maxMs: 10_000 };
// A watch that lasted this long is progress. It is shorter than any usual timeout of a proxy: on an idle cluster such a proxy
// must not delay the news of a pod.
const fairMs = 1_000;
/** After so many watches in a row that ended in order at once, the log says so. */
const suspicious = 5;

/** Runs until `signal` is aborted; never rejects. */
export async function listAndWatch(options: WatchOptions, signal: AbortSignal): Promise<void> {
  const { path, log, onObject, onBroken, onListed, clock = systemClock } = options;
  const seen = new SeenVersions();
  let version: string | undefined;
  /** Restarts in a row without progress. */
  let failures = 0;
  while (!signal.aborted) {
    let openedAt = Number.POSITIVE_INFINITY;
    let isNew = false;
    let broken: { error: unknown } | undefined;
    try {
      if (version === undefined) {
        version = await list(options, seen, signal);
        onListed();
      }
      const onOpen = () => {
        openedAt = clock.monotonic();
      };
      for await (const event of watch(options, version, onOpen, signal)) {
        if (event.type === 'ERROR')
          throw new ApiError(event.object.code ?? 500, event.object.reason ?? '', event.object.message ?? '');
        version = event.object.metadata.resourceVersion;
        if (event.type === 'BOOKMARK') continue;
        const gone = event.type === 'DELETED';
        const { name } = event.object.metadata;
        if (!seen.accept(name, Number(version), gone)) continue;
        isNew = true;
        onObject(name, gone ? undefined : event.object);
      }
    } catch (error) {
      broken = { error };
    }
    if (signal.aborted) return;
    const progress = isNew || clock.monotonic() - openedAt >= fairMs;
    if (progress && !broken) {
      failures = 0;
      continue;
    }
    failures = progress ? 1 : failures + 1;
    if (broken) {
      onBroken();
      const { error } = broken;
      if (error instanceof ApiError && error.status === 410) version = undefined;
      const why = describe(error);
      log[failures === 1 ? 'warn' : 'debug']({ path, failures, why }, 'watch broken, starting it again');
    } else if (failures === suspicious) {
      log.warn(
        { path, failures },
        'watches end at once without an event: check what is between here and the API server',
      );
    }
    await clock.delay(pauseMs(failures, Math.random(), backoff), signal).catch(() => {});
  }
}

/** Tells of every object there is, and of those that are gone since the last list; returns the list's version. */
async function list(
  { transport, path, labelSelector, onObject }: WatchOptions,
  seen: SeenVersions,
  signal: AbortSignal,
): Promise<string> {
  const pages: RawList[] = [];
  let next: string | undefined;
  do {
    const page: RawList = await transport.request({
      method: 'GET',
      path: `${path}?${query({ labelSelector, limit: String(pageSize), continue: next })}`,
      signal,
    });
    pages.push(page);
    const last = next;
    next = page.metadata.continue || undefined;
    if (next !== undefined && next === last)
      throw new Error('The list does not end: two pages name the same next one.');
  } while (next);
  const version = pages[0]!.metadata.resourceVersion;
  const objects = new Map(pages.flatMap(({ items }) => items).map((object) => [object.metadata.name, object]));
  const gone = seen.replace(
    new Map([...objects].map(([name, { metadata }]) => [name, Number(metadata.resourceVersion)])),
    Number(version),
  );
  if (!gone) throw new Error('The list is older than what was known already.');
  for (const [name, object] of objects) onObject(name, object);
  for (const name of gone) onObject(name, undefined);
  return version;
}

/** `onOpen` is called once the API server has begun to answer. */
async function* watch(
  options: WatchOptions,
  resourceVersion: string,
  onOpen: () => void,
  signal: AbortSignal,
): AsyncGenerator<RawEvent> {
  const { transport, path, labelSelector, silenceMs = longestSilenceMs } = options;
  const timeoutSeconds = String(watchSeconds);
  // Not AbortSignal.any: what it makes of `signal`, which lives as long as the manager, Node 20 remembers for ever.
  const silence = startDeadline(silenceMs, signal);
  try {
    const parameters = { labelSelector, resourceVersion, timeoutSeconds, watch: 'true', allowWatchBookmarks: 'true' };
    const stream = await transport.stream(`${path}?${query(parameters)}`, silence.signal);
    onOpen();
    let rest = '';
    // Not readline: it waits for ever on a connection that is reset. What is half a line then, the next watch tells again.
    for await (const chunk of stream.setEncoding('utf8')) {
      silence.refresh();
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield JSON.parse(line) as RawEvent;
    }
  } finally {
    silence.clear();
  }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const query = (parameters: Record<string, string | undefined>): string =>
  new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ).toString();

const systemClock: WatchClock = {
  monotonic: () => performance.now(),
  delay: (ms, signal) => delay(ms, undefined, { signal }),
};
