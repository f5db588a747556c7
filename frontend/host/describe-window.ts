// What a host wants to know of a prewarm window, in words. Pure.

import type { WindowStatus } from '../../common/manager-api.ts';
import { duration } from './describe.ts';

export type WindowRow = {
  name: string;
  state: string;
  when: string;
  seats: string;
  /** Whether something is not as it should be: whoever comes finds no terminal ready, or will. */
  attention: boolean;
};

const room = { yes: 'there is room', no: 'no room', unknown: 'room not known' } as const;
const states = { upcoming: 'To come', warming: 'Starting', open: 'Open', over: 'Over' } as const;

/** In words, with times as the clock shows them in `timeZone`: the host's own, unless a test says otherwise. */
export function describeWindow(window: WindowStatus, now: number, timeZone?: string): WindowRow {
  const { name, state, seats, taken, ready, fits } = window;
  const missing = state === 'open' ? seats - taken - ready : 0;
  const open = [`${taken} of ${seats} taken`, `${ready} ready`, ...(missing > 0 ? [`${missing} not ready`] : [])];
  const told = {
    upcoming: [seats, ...(fits ? [room[fits]] : [])].join(' · '),
    warming: `${ready} of ${seats} ready`,
    open: open.join(' · '),
    over: `${seats}`,
  };
  return {
    name,
    state: states[state],
    when: whenOf(window, now, timeZone),
    seats: told[state],
    attention: missing > 0 || (state === 'upcoming' && fits === 'no'),
  };
}

/** `Tue 12 Jan, 09:00 to 12:30`, `today, 09:00 to 12:30`, `until 12:30`. */
function whenOf({ state, from, to }: WindowStatus, now: number, timeZone: string | undefined): string {
  const [start, end] = [new Date(from), new Date(to)];
  const day = (date: Date) => format(date, { weekday: 'short', day: 'numeric', month: 'short' }, timeZone);
  const time = (date: Date) => format(date, { hour: '2-digit', minute: '2-digit' }, timeZone);
  const today = day(new Date(now));
  const until = (since: string) => (day(end) === since ? time(end) : `${day(end)}, ${time(end)}`);
  if (state === 'open') return `until ${until(today)}`;
  if (state === 'warming') return `in ${duration(start.getTime() - now)}, until ${until(today)}`;
  return `${day(start) === today ? 'today' : day(start)}, ${time(start)} to ${until(day(start))}`;
}

const format = (date: Date, options: Intl.DateTimeFormatOptions, timeZone: string | undefined): string =>
  new Intl.DateTimeFormat('en-GB', { ...options, ...(timeZone && { timeZone }) }).format(date).replace(',', '');
