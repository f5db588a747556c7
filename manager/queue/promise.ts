// The forecast for a visitor in the queue, given the former forecast. An announced end is kept until it has passed or can no longer be
// kept. Then the visitor gets the reason, and a new end only when something has changed. The client sends the promise with each
// request, so this holds across managers and restarts. All managers use the same clock, the API server's. Pure.

import type { Promised, WaitCause } from '../../common/manager-api.ts';
import type { Range } from '../model/estimators/sessions.ts';
import type { Estimate } from './estimate.ts';

export type WaitForecast = {
  range: Range | undefined;
  latestMs: number | undefined;
  cause: WaitCause | undefined;
  promised: Promised;
};

// An end nearer than this would have passed before the visitor reads it.
const nearMs = 1_000;
// The measured start time is part of the latest end. Changes up to this are not announced.
const slackMs = 60_000;

/** The forecast at `now`. `former`: the promise in the last answer to the visitor. */
export function forecastWait(estimated: Estimate, position: number, now: number, former?: Promised): WaitForecast {
  const { on, range, terminals } = estimated;
  const facts = { position, terminals, on };
  const nothing = { range: undefined, latestMs: undefined };
  if (estimated.startsFail) return { ...nothing, cause: 'starts-fail', promised: { ...facts, cause: 'starts-fail' } };
  const latest = estimated.latestMs === undefined ? undefined : Math.ceil(now + estimated.latestMs);
  const change = former && changeSince(former, facts);
  const isAnew = !former || (change !== undefined && isLater(latest, former.latest));
  const until = isAnew ? latest : earlier(latest, former.latest);
  const isSaid = latest !== undefined && until !== undefined && latest - until < slackMs && until - now >= nearMs;
  const latestMs = isSaid ? until - now : undefined;

  const promise = (cause: WaitCause | undefined): WaitForecast => {
    const by = range && Math.ceil(now + range.to);
    return { range, latestMs, cause, promised: { ...facts, by, latest: until, cause } };
  };
  const withdraw = (cause: WaitCause): WaitForecast => {
    return { ...nothing, latestMs, cause, promised: { ...facts, latest: until, cause } };
  };
  if (isAnew) return promise(change);
  // A range must not end after the latest time that was announced before it.
  const by = former.by ?? (former.cause || !range ? undefined : former.latest);
  const cause = former.cause === 'starts-fail' ? 'starts-failed' : former.cause;
  if (by === undefined) {
    const isDisproved = cause === 'long-sessions' || cause === 'slow-starts';
    const moved = on !== former.on || position < former.position;
    if (isDisproved && !moved && !change) return withdraw(cause);
    return promise(cause && (change ?? cause));
  }
  if (range && now + range.to <= by) return promise(cause);
  const left = by - now;
  if (left >= Math.max(nearMs, range?.from ?? 0)) {
    const kept = { from: Math.min(range?.from ?? 0, left), to: left };
    return { range: kept, latestMs, cause, promised: { ...former, latest: until } };
  }
  return change ? promise(change) : withdraw(former.on === 'starts' ? 'slow-starts' : 'long-sessions');
}

/** The event that voids the former promise, independent of starts and sessions. */
function changeSince(
  former: Promised,
  { position, terminals, on }: Pick<Promised, 'position' | 'terminals' | 'on'>,
): WaitCause | undefined {
  if (terminals < former.terminals) return 'fewer-terminals';
  const isBehind = position > former.position || (former.on === 'starts' && on === 'sessions');
  return isBehind ? 'others-first' : undefined;
}

const isLater = (time: number | undefined, than: number | undefined): boolean =>
  time !== undefined && than !== undefined && time > than;

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
