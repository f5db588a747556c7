// Who is at the terminal with this browser, and the pen: keeps what the terminal reports, and tells those who show it.

import type { PenRequest, Person } from '../../common/socket.ts';

export type Company = {
  /** Everybody at the terminal; empty while the owner is alone. */
  readonly people: readonly Person[];
  /** Which of them this browser is. */
  readonly own: Person | undefined;
  /** Asks the terminal for a change of the pen. */
  request: (request: PenRequest) => void;
  /** Calls `listener` now and after each change. */
  follow: (listener: () => void) => void;
};

export type CompanySource = Company & {
  /** The terminal has reported who is there. */
  report: (people: readonly Person[], own: string) => void;
  /** Where requests go; undefined while there is no connection. */
  connect: (send: ((request: PenRequest) => void) | undefined) => void;
};

export function createCompany(): CompanySource {
  let people: readonly Person[] = [];
  let own: Person | undefined;
  let send: ((request: PenRequest) => void) | undefined;
  const listeners: (() => void)[] = [];
  const changed = () => {
    for (const listener of listeners) listener();
  };
  return {
    get people() {
      return people;
    },
    get own() {
      return own;
    },
    request: (request) => send?.(request),
    follow(listener) {
      listeners.push(listener);
      listener();
    },
    report(reported, id) {
      people = reported.length > 1 ? reported : [];
      own = reported.find((person) => person.id === id);
      if (people.length === 0 && own?.role !== 'owner' && own !== undefined) people = reported;
      changed();
    },
    connect(to) {
      send = to;
      if (to !== undefined || people.length === 0) return;
      people = [];
      own = undefined;
      changed();
    },
  };
}
