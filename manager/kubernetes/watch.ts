// One list-and-watch, restarted until aborted: list, then watch from the list's resourceVersion with bookmarks; list again on 410,
// and continue from the last version after any other error. Restarts without progress back off. Progress is a new event, or a
// watch that lasted. Answers, lists and bookmarks are no progress: a broken API server or proxy sends them as fast as it is
// asked. Objects older than those delivered before are dropped, so repeated or delayed answers never revert an object.
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

/** Milliseconds of a monotonic clock, and a pause that rejects when `signal` is aborted. */
export type WatchClock = { monotonic: () => number; delay: (ms: number, signal: AbortSignal) => Promise<void> };

export type WatchOptions = {
  transport: Transport;
  /** Path of the collection, such as /api/v1/nodes. */
  path: string;
  labelSelector?: string;
  log: Logger;
  /** Called with the current object, or undefined after its deletion. */
  onObject(name: string, object: RawObject | undefined): void;
  /** Called when the watch has broken. It is restarted. */
  onBroken(): void;
  /** Called after each complete list. */
  onListed(): void;
  clock?: WatchClock;
  /** The longest time without data on a stream, in milliseconds. */
  silenceMs?: number;
};

const pageSize = 500;
const watchSeconds = 300;
// The API server sends a bookmark about once a minute. Restart a stream that is silent for longer than this.
const longestSilenceMs = 130_000;
const backoff = { firstMs: 100, maxMs: 10_000 };
// A watch that lasted this long is progress. This is shorter than the usual proxy timeouts: on an idle cluster, a proxy that ends
// watches must not cause a back-off.
const fairMs = 1_000;
/** Log a warning after this number of watches in a row that ended at once without an error. */
const suspicious = 5;

/** Runs until `signal` is aborted; never rejects. */
export async function listAndWatch(options: WatchOptions, signal: AbortSignal): Promise<void> {
  const { path, log, onObject, onBroken, onListed, clock = systemClock } = options;
  const seen = new SeenVersions();
  let version: string | undefined;
  /** Consecutive restarts without progress. */
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

/** Delivers all objects, and the deletions since the last list. Returns the list's version. */
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

/** Calls `onOpen` when the API server begins to answer. */
async function* watch(
  options: WatchOptions,
  resourceVersion: string,
  onOpen: () => void,
  signal: AbortSignal,
): AsyncGenerator<RawEvent> {
  const { transport, path, labelSelector, silenceMs = longestSilenceMs } = options;
  const timeoutSeconds = String(watchSeconds);
  // Not AbortSignal.any: Node 20 would keep a reference for each call as long as `signal`, which exists as long as the manager.
  const silence = startDeadline(silenceMs, signal);
  try {
    const parameters = { labelSelector, resourceVersion, timeoutSeconds, watch: 'true', allowWatchBookmarks: 'true' };
    const stream = await transport.stream(`${path}?${query(parameters)}`, silence.signal);
    onOpen();
    let rest = '';
    // Not readline: it never ends when a connection is reset. An incomplete line is delivered again by the next watch.
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
