// One run, whatever its command is made of: who its clients are, why it ends, and what they are told. Knows no sockets.

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
  // The pod is about to go, and its before-exit hook needs the time.
  terminal: [
    ['SIGHUP', 0],
    ['SIGTERM', 0],
    ['SIGKILL', 2_000],
  ],
};

/** A client of a run: a connection of somebody who may write. */
export type RunClient = object;

export type RunOptions = {
  request: StartRun;
  startedAt: string;
  /** How long it lives without a client, where it is attached. */
  graceMs: () => number;
  /** Milliseconds that only grow. */
  now: () => number;
  /** A client has come or gone, or it has ended. */
  onChange: () => void;
};

export class Run {
  readonly request: StartRun;
  readonly #options: RunOptions;
  readonly #command: Command;
  readonly #clients = new Set<RunClient>();
  /** Followers, and whether the run waits for them. */
  readonly #followers = new Map<Follower, { waits: boolean }>();
  /** For whom an attached run keeps its output while its client is away. */
  readonly #last: Record<Stream, number> = { stdout: 0, stderr: 0 };
  #why: { cause: EndCause; message: string } | undefined;
  /** What has given up on the rest of the output, also where the command had ended by itself. */
  readonly #over = new Set<EndCause>();
  #exit: RunExit | undefined;
  #grace: NodeJS.Timeout | undefined;
  /** Since when it has had no client. */
  #aloneSince: number;
  #timeout: NodeJS.Timeout | undefined;
  /** Resolves once it has ended and its followers were told. */
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
    // The line may break before the client follows: its output waits for it from the beginning.
    this.pace();
    this.#review();
  }

  get live(): boolean {
    return this.#exit === undefined;
  }

  /** Whether something else than the command itself ends it. */
  get ending(): boolean {
    return this.#why !== undefined;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** The tmux session to attach to, of a run with a tty. */
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

  /** The grace is another one now, also for a run that is without a client already. */
  graceChanged(): void {
    this.#watchGrace();
  }

  /** `waits`: whether output is kept for it, as for all who may write. Nobody is slowed down by those who only look on. */
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

  /** More output has come. */
  pump(): void {
    for (const follower of this.#followers.keys()) follower.pump();
  }

  /** A follower has taken more, has come, or has gone: how far the output may run. */
  pace(): void {
    const waiting = [...this.#followers].filter(([, { waits }]) => waits).map(([follower]) => follower);
    for (const stream of streams) {
      if (waiting.length > 0) this.#last[stream] = Math.min(...waiting.map((follower) => follower.taken(stream)));
      const kept = waiting.length > 0 || (!this.request.detached && !this.#over.has('abandoned'));
      this.#command.limit(stream, kept && !this.#over.has('terminal') ? this.#last[stream] : undefined);
    }
  }

  /** Rejects as RunInput does, and with `invalid-request` for a run that takes no input this way. */
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

  /** Ends the command. What ended it first is what counts. */
  end(cause: EndCause, message: string): void {
    if (!this.live) return;
    if (this.#command.terminate(plans[cause])) this.#why ??= { cause, message };
    // A command that has ended by itself may have left output in its pipe, for which a reader was waited for.
    this.#over.add(cause);
    this.pace();
  }

  /** Tells the exit to those who have not heard it yet, whatever they miss. */
  cutOff(): void {
    for (const follower of this.#followers.keys()) follower.cutOff();
  }

  /** Gives back what it has taken. One that is still at work then counts as ended. */
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
