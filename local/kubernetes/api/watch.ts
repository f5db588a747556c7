// One watch: what happened since a version, then what happens, as one JSON line each.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes

import { jsonOf } from './json.ts';
import type { Stored } from './objects.ts';
import { groupVersion, type Resource } from './resources.ts';
import type { Match } from './selectors.ts';
import { ApiError } from './status.ts';
import type { Change, Store } from './store.ts';

export type Watch = {
  resource: Resource;
  match: Match;
  /** The version after which to start. 0: start with every object there is. */
  from: number;
  bookmarks: boolean;
  timeoutMs: number;
  /** How an object is written. */
  render?: (object: Stored) => string;
};

/** Where the lines go. */
export type Sink = { write: (line: string) => void; end: () => void };

const bookmarkEveryMs = 60_000;
const lastBookmarkBeforeMs = 1_500;

/** Runs until its timeout, and then calls `sink.end`; or until the returned function is called. */
export function startWatch(store: Store, watch: Watch, sink: Sink): () => void {
  const { resource, match, from, bookmarks, timeoutMs, render = jsonOf } = watch;
  const line = (type: string, json: string) => sink.write(`{"type":"${type}","object":${json}}\n`);
  const past = from === 0 ? [] : store.since(resource, from);
  if (!past) {
    const expired = new ApiError(410, 'Expired', `too old resource version: ${from} (${store.revision})`);
    line('ERROR', JSON.stringify(expired.body));
    sink.end();
    return () => {};
  }
  const onChange = (change: Change) => {
    if (change.revision <= from) return;
    const type = typeFor(change, match);
    if (type) line(type, render(type === 'DELETED' ? lastMatching(change) : change.object));
  };
  if (from === 0) {
    for (const object of store.each(resource)) if (match(object)) line('ADDED', render(object));
  }
  for (const change of past) onChange(change);
  const unsubscribe = store.subscribe(resource, onChange);

  const bookmark = () => {
    const metadata = { resourceVersion: String(store.revision), creationTimestamp: null };
    line('BOOKMARK', JSON.stringify({ kind: resource.kind, apiVersion: groupVersion(resource), metadata }));
  };
  const timers = [setTimeout(end, timeoutMs)];
  if (bookmarks) timers.push(setInterval(bookmark, bookmarkEveryMs));
  if (bookmarks) timers.push(setTimeout(bookmark, Math.max(0, timeoutMs - lastBookmarkBeforeMs)));
  for (const timer of timers) timer.unref();

  function stop() {
    unsubscribe();
    for (const timer of timers) clearTimeout(timer);
  }
  function end() {
    stop();
    sink.end();
  }
  return stop;
}

/** How a change looks through a selector: an object that starts to match is ADDED, one that stops is DELETED. */
export function typeFor({ type, object, previous }: Change, match: Match): Change['type'] | undefined {
  const before = type !== 'ADDED' && previous !== undefined && match(previous);
  const after = type !== 'DELETED' && match(object);
  if (before && after) return 'MODIFIED';
  if (after) return 'ADDED';
  return before ? 'DELETED' : undefined;
}

/** What leaves a selection, as it was, at the version at which it left. */
function lastMatching({ type, object, previous }: Change): Stored {
  if (type === 'DELETED' || !previous) return object;
  return { ...previous, metadata: { ...previous.metadata, resourceVersion: object.metadata.resourceVersion } };
}
