// Joins the people at the terminal: who may type, whose window sets the size, who is shown to whom. The rules are the pen's
// (pen.ts). A terminal whose owner is alone costs nothing here, neither per key nor per connection.

import type { Logger } from '../../common/log.ts';
import { type PenRequest, penRequestSchema, type Size } from '../../common/socket.ts';
import type { Ticket } from '../../common/ticket.ts';
import type { Clock } from '../clock.ts';
import type { TerminalSocket } from '../connection.ts';
import type { ClientOptions, Tmux } from '../tmux/tmux.ts';
import { ownerId, Pen, typingMs } from './pen.ts';

/** The tmux client of a connection. */
export type SeatedClient = {
  tty: string;
  /** Shows a screen of this size. null: its own window sets the size. */
  follow: (size: Size | null) => void;
};

/** The place of one connection. */
export type Seat = {
  /** Whether this input may reach the shell. `typed`: it came from a person's hand, so the owner takes the pen back by it. */
  accepts: (typed: boolean) => boolean;
  /** How its tmux client is to be now. */
  readonly client: ClientOptions;
  /** Its tmux client, which changes with the pen from now on. */
  take: (client: SeatedClient) => void;
};

/** The place of a connection to a terminal that is not shared. */
export const soloSeat = (role: Ticket['role']): Seat => ({
  accepts: () => role === 'owner',
  client: { setsSize: role === 'owner', readOnly: role !== 'owner' },
  take: () => {},
});

export type Sharing = {
  /** Whether the owner has removed the person whom this ticket names. */
  isRemoved: (ticket: Ticket) => boolean;
  /** A connection of the person whom its ticket names. It ends with the socket. */
  join: (socket: TerminalSocket) => Seat;
};

type Connection = {
  id: string;
  socket: TerminalSocket;
  client?: SeatedClient;
  /** What tmux was told last. */
  setsSize: boolean;
  /** Whether it shows a screen of another window's size. */
  follows: boolean;
};

export function createSharing(options: {
  tmux: Pick<Tmux, 'onResize' | 'setsSize'>;
  clock: Clock;
  log: Logger;
}): Sharing {
  const { tmux, clock, log } = options;
  const pen = new Pen();
  const connections = new Set<Connection>();
  let size: Size | undefined;
  let stopFollowing: (() => void) | undefined;
  let typingEnds: NodeJS.Timeout | undefined;
  let shown = false;

  const setsSize = ({ id }: Connection) => id === pen.holder;
  // Not read-only: tmux does not let a client become writable again. Its input is dropped before it reaches tmux.
  const clientOf = (connection: Connection): ClientOptions => ({ setsSize: setsSize(connection), readOnly: false });

  /** Tells everybody who is here. The owner alone is told once, when the last guest has gone. */
  function show(): void {
    if (pen.alone && !shown) return;
    shown = !pen.alone;
    const people = pen.people(clock.now());
    for (const { socket, id } of connections) socket.emit('people', people, id);
  }

  // The new holder's window last, and its size after that: tmux computes the size of the session when a client changes its size, not
  // when it begins or ceases to count.
  function applySizes(): void {
    const changed = [...connections].filter((connection) => connection.setsSize !== setsSize(connection));
    for (const connection of changed.sort((a, b) => Number(setsSize(a)) - Number(setsSize(b)))) {
      connection.setsSize = setsSize(connection);
      if (!connection.client) continue;
      tmux.setsSize(connection.client.tty, connection.setsSize).then(
        () => follow(connection),
        (error) => log.warn({ err: error }, 'tmux did not change which window sets the size'),
      );
    }
  }

  /** A window that does not set the size shows all of the screen: its client is as large as the screen. */
  function follow(connection: Connection): void {
    const wanted = connection.setsSize ? null : size;
    if (wanted === undefined || (wanted === null && !connection.follows)) return;
    connection.follows = wanted !== null;
    connection.client?.follow(wanted);
  }

  function watchSize(): void {
    if (pen.alone) {
      stopFollowing?.();
      stopFollowing = undefined;
      size = undefined;
    } else {
      stopFollowing ??= tmux.onResize((now) => {
        if (size?.cols === now.cols && size.rows === now.rows) return;
        size = now;
        for (const connection of connections) if (!connection.setsSize) follow(connection);
      });
    }
  }

  function changed(): void {
    watchSize();
    applySizes();
    show();
  }

  function noteTyping(): void {
    if (typingEnds === undefined) show();
    clearTimeout(typingEnds);
    typingEnds = setTimeout(() => {
      typingEnds = undefined;
      show();
    }, typingMs);
  }

  function request(by: string, wish: PenRequest): boolean {
    const result = pen.request(by, wish);
    if (result.refused) return false;
    if (result.remove !== undefined) {
      for (const { id, socket } of connections) {
        if (id !== result.remove) continue;
        socket.emit('removed');
        socket.conn.close();
      }
    }
    changed();
    return true;
  }

  return {
    isRemoved: ({ guest }) => guest !== undefined && pen.isRemoved(guest.id),
    join: (socket) => {
      const { role, guest } = socket.data.ticket;
      const id = guest?.id ?? ownerId;
      const connection: Connection = { id, socket, setsSize: id === pen.holder, follows: false };
      pen.join({ id, name: guest?.name, role });
      connections.add(connection);
      socket.on('pen', (data: unknown, done: unknown) => {
        const wish = penRequestSchema.safeParse(data);
        const allowed = wish.success && request(id, wish.data);
        if (typeof done === 'function') done(allowed);
      });
      socket.once('disconnect', () => {
        connections.delete(connection);
        pen.leave(id);
        changed();
      });
      return {
        accepts: (typed) => {
          if (pen.alone) return true;
          const { holder } = pen;
          if (!typed) return holder === id;
          if (!pen.type(id, clock.now())) return false;
          noteTyping();
          if (pen.holder !== holder) changed();
          return true;
        },
        take: (client) => {
          connection.client = client;
          follow(connection);
          changed();
        },
        get client() {
          return clientOf(connection);
        },
      };
    },
  };
}
