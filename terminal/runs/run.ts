// A run: its clients, why it ends, and what they are sent. Independent of how the command runs, and of sockets.

import { ServiceError } from '../../common/errors.ts';
import { type RunExit, type RunStatus, type StartRun, type Stream, streams } from '../../common/runs.ts';
import type { Command, Termination } from './command.ts';
import type { Follower } from './follower.ts';
import type { InputPiece } from './input.ts';

type EndCause = 'timeout' | 'stop' | 'abandoned' | 'terminal';

const plans: Record<EndCause, Termination> = {
  timeout: [
    ['SIGTERM', 0],
    ['SIGKILL', 10_000],
  ],
  stop: [
    ['SIGTERM', 0],
    ['SIGKILL', 10_000],
  ],
  abandoned: [
    ['SIGHUP', 0],
    ['SIGTERM', 5_000],
    ['SIGKILL', 15_000],
  ],
  // The pod is about to end, and its before-exit hook needs the time.
  terminal: [
    ['SIGHUP', 0],
    ['SIGTERM', 0],
    ['SIGKILL', 2_000],
  ],
};

/** A client of a run: a connection with a ticket that may write. */
export type RunClient = object;

export type RunOptions = {
  request: StartRun;
  startedAt: string;
  /** How long an attached run lives without a client. */
  graceMs: () => number;
  /** Monotonic milliseconds. */
  now: () => number;
  /** A client has come or gone, or the run has ended. */
  onChange: () => void;
};

export class Run {
  readonly request: StartRun;
  readonly #options: RunOptions;
  readonly #command: Command;
  readonly #clients = new Set<RunClient>();
  /** Followers, and whether the run waits for them to read. */
  readonly #followers = new Map<Follower, { waits: boolean }>();
  /** The positions from which an attached run keeps output while its client is away. */
  readonly #last: Record<Stream, number> = { stdout: 0, stderr: 0 };
  #why: { cause: EndCause; message: string } | undefined;
  /** The causes that gave up on the rest of the output, even if the command had ended by itself. */
  readonly #over = new Set<EndCause>();
  #exit: RunExit | undefined;
  #grace: NodeJS.Timeout | undefined;
  /** When its last client left. */
  #aloneSince: number;
  #timeout: NodeJS.Timeout | undefined;
  /** Resolves once it has ended and its followers know. */
  readonly ended: Promise<void>;

  constructor(command: Command, options: RunOptions) {
    this.#command = command;
    this.#options = options;
    this.request = options.request;
    this.#aloneSince = options.now();
    const { timeoutMs } = this.request;
    if (timeoutMs !== undefined) {
      this.#timeout = setTimeout(() => this.end('timeout', 'The command was ended at its time limit.'), timeoutMs);
    }
    this.ended = command.ended.then((exit) => this.#end(exit));
    // The connection may break before the client follows, so keep the output from the beginning.
    this.pace();
    this.#review();
  }

  get live(): boolean {
    return this.#exit === undefined;
  }

  /** Whether it is being ended by anything but the command itself. */
  get ending(): boolean {
    return this.#why !== undefined;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** The tmux session to attach to, for a run with a tty. */
  get session(): string | undefined {
    return this.#command.session;
  }

  get status(): RunStatus {
    const { run, command, tty, detached } = this.request;
    const { output, input } = this.#command;
    const range = (stream: Stream) => ({ from: output?.[stream].from ?? 0, to: output?.[stream].to ?? 0 });
    return {
      run,
      command,
      tty: tty !== undefined,
      detached,
      startedAt: this.#options.startedAt,
      output: { stdout: range('stdout'), stderr: range('stderr') },
      input: input?.given ?? 0,
      ...(this.#exit && { exit: this.#exit }),
    };
  }

  get rings() {
    return this.#command.output;
  }

  join(client: RunClient): void {
    this.#clients.add(client);
    this.#review();
  }

  leave(client: RunClient): void {
    if (!this.#clients.delete(client)) return;
    if (this.#clients.size === 0) this.#aloneSince = this.#options.now();
    this.#review();
  }

  /** Applies a changed grace, also to a run whose client is already away. */
  graceChanged(): void {
    this.#watchGrace();
  }

  /** `waits`: whether output is kept until this follower has read it. True for clients that may write; viewers slow nothing down. */
  follow(follower: Follower, { waits }: { waits: boolean }): void {
    this.#followers.set(follower, { waits });
    this.pace();
    if (this.#exit) follower.end(this.#exit);
    else follower.pump();
  }

  unfollow(follower: Follower): void {
    if (!this.#followers.delete(follower)) return;
    this.pace();
  }

  /** More output is available. */
  pump(): void {
    for (const follower of this.#followers.keys()) follower.pump();
  }

  /** A follower has read more, come or gone: recompute how far the output may run. */
  pace(): void {
    const waiting = [...this.#followers].filter(([, { waits }]) => waits).map(([follower]) => follower);
    for (const stream of streams) {
      if (waiting.length > 0) this.#last[stream] = Math.min(...waiting.map((follower) => follower.taken(stream)));
      const kept = waiting.length > 0 || (!this.request.detached && !this.#over.has('abandoned'));
      this.#command.limit(stream, kept && !this.#over.has('terminal') ? this.#last[stream] : undefined);
    }
  }

  /** Rejects as RunInput does, and with `invalid-request` for a run without such input. */
  async input(piece: InputPiece): Promise<number> {
    const { input } = this.#command;
    if (input) return input.apply(piece);
    if (this.request.stdin && !this.request.tty) return piece.offset + piece.bytes.length;
    const why = this.request.tty
      ? 'The run has a tty: what is typed goes there.'
      : 'The run was started without input.';
    throw new ServiceError('invalid-request', why);
  }

  signal(name: NodeJS.Signals): void {
    this.#command.signal(name);
  }

  /** Ends the command. The first cause counts. */
  end(cause: EndCause, message: string): void {
    if (!this.live) return;
    if (this.#command.terminate(plans[cause])) this.#why ??= { cause, message };
    // The command may have ended by itself, with output left in its pipe for a reader that is away.
    this.#over.add(cause);
    this.pace();
  }

  /** Sends the exit to followers that do not have it yet, even if output is missing. */
  cutOff(): void {
    for (const follower of this.#followers.keys()) follower.cutOff();
  }

  /** Frees its resources. A live run then counts as ended. */
  forget(): void {
    this.#end({ cause: 'terminal', message: 'The terminal ended before the command had.' });
    this.cutOff();
    clearTimeout(this.#grace);
    this.#command.forget();
  }

  #end(exit: RunExit): void {
    if (this.#exit) return;
    clearTimeout(this.#timeout);
    this.#exit = { ...exit, ...this.#why };
    for (const follower of this.#followers.keys()) follower.end(this.#exit);
    this.#review();
  }

  #review(): void {
    this.#watchGrace();
    this.#options.onChange();
  }

  #watchGrace(): void {
    clearTimeout(this.#grace);
    if (!this.live || this.request.detached || this.#clients.size > 0) return;
    const message = 'The command was ended because its client had gone.';
    const leftMs = this.#aloneSince + this.#options.graceMs() - this.#options.now();
    this.#grace = setTimeout(() => this.end('abandoned', message), Math.max(0, leftMs));
  }
}
