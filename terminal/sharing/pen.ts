// Who is at the terminal, and who of them may type. One person has the pen at a time: their input reaches the shell and their
// window sets its size. The pen is the owner's unless the owner lends it. Pure: the time is passed in, in milliseconds.

import type { PenRequest, Person } from '../../common/socket.ts';
import type { Role } from '../../common/ticket.ts';

/** The owner's tabs are one person, whichever browser they are in. */
export const ownerId = 'owner';

/** After this time without a key a person is no longer shown as typing. */
export const typingMs = 2_000;

/** Why a request changes nothing. */
export type PenRefusal = 'not-allowed' | 'unknown-person';

/** What a request has done; with `remove`, whose connections have to be closed. */
export type PenResult = { refused: PenRefusal } | { refused?: never; remove?: string };

type Present = {
  id: string;
  name: string | undefined;
  role: Role;
  connections: number;
  asks: boolean;
  typedAt: number;
};

export class Pen {
  readonly #present = new Map<string, Present>();
  readonly #removed = new Set<string>();
  #holder = ownerId;

  /** The id of the person whose input counts. The owner's, if nobody else has the pen. */
  get holder(): string {
    return this.#holder;
  }

  /** Whether nobody but the owner is here. */
  get alone(): boolean {
    return this.#present.size === (this.#present.has(ownerId) ? 1 : 0);
  }

  /** Whether the owner has removed this person. */
  isRemoved(id: string): boolean {
    return this.#removed.has(id);
  }

  /** One more connection of a person. */
  join({ id, name, role }: { id: string; name?: string | undefined; role: Role }): void {
    const known = this.#present.get(id);
    if (known) known.connections += 1;
    else {
      const typedAt = Number.NEGATIVE_INFINITY;
      this.#present.set(id, { id, name, role, connections: 1, asks: false, typedAt });
    }
  }

  /** One connection less. A person without a connection gives the pen back. */
  leave(id: string): void {
    const person = this.#present.get(id);
    if (!person) return;
    person.connections -= 1;
    if (person.connections > 0) return;
    this.#present.delete(id);
    if (this.#holder === id) this.#holder = ownerId;
  }

  /** Whether input of `id` may reach the shell. The owner takes the pen back by it. */
  type(id: string, now: number): boolean {
    if (id === ownerId) this.#holder = ownerId;
    else if (this.#holder !== id) return false;
    const person = this.#present.get(id);
    if (person) person.typedAt = now;
    return true;
  }

  /**
   * `ask`: an editor takes the pen, others ask the owner for it. `return`: gives it back, or takes the question back. The owner
   * alone may `give` it, `refuse` it or `remove` a person.
   */
  request(by: string, { action, person: of }: PenRequest): PenResult {
    const person = this.#present.get(by);
    if (!person) return { refused: 'unknown-person' };
    if (action === 'ask') {
      if (by === ownerId || person.role === 'editor') this.#hand(person);
      else person.asks = true;
      return {};
    }
    if (action === 'return') {
      person.asks = false;
      if (this.#holder === by) this.#holder = ownerId;
      return {};
    }
    if (by !== ownerId) return { refused: 'not-allowed' };
    const other = of === undefined ? undefined : this.#present.get(of);
    if (!other || other.id === ownerId) return { refused: 'unknown-person' };
    if (action === 'give') this.#hand(other);
    else other.asks = false;
    if (action === 'refuse' && this.#holder === other.id) this.#holder = ownerId;
    if (action !== 'remove') return {};
    this.#removed.add(other.id);
    return { remove: other.id };
  }

  /** Who is here, the owner first. */
  people(now: number): Person[] {
    return [...this.#present.values()]
      .sort((a, b) => Number(b.id === ownerId) - Number(a.id === ownerId))
      .map(({ id, name, role, asks, typedAt }) => ({
        id,
        ...(name !== undefined && { name }),
        role,
        pen: this.#holder === id,
        asks,
        typing: now - typedAt < typingMs,
      }));
  }

  #hand(to: Present): void {
    to.asks = false;
    this.#holder = to.id;
  }
}
