// From a command line to an exit code: claims a terminal, starts the run, connects this process's streams or terminal to it, forwards
// signals, and ends the terminal. For a fresh terminal, the visitor's own, and an existing run.

import { constants } from 'node:os';
import { Writable } from 'node:stream';
import type { StartRun } from '../../common/runs.ts';
import type { Opened } from '../../common/terminals-api.ts';
import type { Target } from '../api/api.ts';
import { TerminalGone } from '../connection/link.ts';
import { createLostNotice } from '../connection/lost-notice.ts';
import type { Context } from '../context.ts';
import { Failure, Interrupted } from '../failure.ts';
import type { TerminalSocket } from '../terminal/screen.ts';
import { claimFor } from './claim-for.ts';
import { type Outcome, outcomeOf } from './exit-code.ts';
import { type Following, followRun, type RunSocket, type SignalName } from './follow-run.ts';
import type { Position } from './offsets.ts';
import { readStdin } from './stdin.ts';

export type Plan = {
  target: Target;
  run: string;
  /** Undefined: it already exists. */
  start?: StartRun | undefined;
  from?: Position | undefined;
  tty: boolean;
  /** Whether this process's stdin is the run's, without a tty. */
  input: boolean;
  /** Whether the terminal is ended with the run. */
  endsTerminal: boolean;
  /** `kill`: a client that leaves ends the run. `detach`: the run goes on. */
  onLeave: 'kill' | 'detach';
  /** Starts it, prints its id, and leaves. */
  detached?: boolean;
};

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
const codeOf = (signal: SignalName | 'SIGPIPE') => 128 + constants.signals[signal];
/** How long to wait for the acknowledgement of a hang-up. */
const lastWordMs = 2_000;

/** The exit code. Throws a Failure. */
export async function execute(context: Context, plan: Plan): Promise<number> {
  const { say } = context;
  const api = context.api();
  const leaving = new AbortController();
  let following: Following | undefined;
  let running = false;
  let interrupts = 0;
  /** The exit code of a client that leaves, even if the command ends because of that. */
  let leftWith: number | undefined;

  const leave = (code: number) => leaving.abort(new Interrupted(code));
  async function giveUp(code: number, how: 'stop' | 'SIGHUP'): Promise<void> {
    leftWith ??= code;
    if (plan.onLeave === 'kill' && following && running) {
      const sent = how === 'stop' ? following.stop() : following.kill('SIGHUP');
      await Promise.race([sent.catch(() => {}), pause(lastWordMs)]);
    }
    leave(code);
  }
  function onSignal(signal: SignalName): void {
    if (!running || !following) leave(codeOf(signal));
    else if (signal === 'SIGHUP') void giveUp(codeOf(signal), 'SIGHUP');
    else if (signal === 'SIGINT' && ++interrupts > 1) void giveUp(codeOf(signal), 'stop');
    else following.kill(signal).catch(() => {});
  }
  const handlers = forwarded.map((signal) => [signal, () => onSignal(signal)] as const);
  for (const [signal, handler] of handlers) process.on(signal, handler);

  let claimed: Opened | undefined;
  let gone = false;
  try {
    if (plan.start) claimed = await claimFor({ api, say }, plan.target, leaving.signal);
    const outcome = await follow();
    if (outcome.reason !== undefined) say.line(outcome.reason);
    return outcome.code;
  } catch (error) {
    gone = error instanceof TerminalGone;
    throw error;
  } finally {
    say.clear();
    if (plan.endsTerminal && claimed && !gone && !(plan.detached && running))
      await api.end(plan.target).catch(() => {});
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }

  async function follow(): Promise<Outcome> {
    const notice = createLostNotice(say.line);
    // A tty has its screen. For a detached run, stdout has only the id.
    const shown = !plan.tty && plan.detached !== true;
    const screen = plan.tty && !plan.detached ? await createOwnScreen() : undefined;
    const stdin = plan.input ? readStdin(context.stdin, () => following?.pump()) : undefined;
    const started = new Promise<void>((resolve) => {
      following = followRun({
        link: { api, target: plan.target, first: claimed },
        run: plan.run,
        start: plan.start,
        from: plan.from,
        // A screen already shows the output, and a client that only waits shows none.
        exitOnly: !shown,
        sinks: shown ? { stdout: context.stdout, stderr: context.stderr } : { stdout: nowhere(), stderr: nowhere() },
        input: stdin,
        onRunning(_status, socket) {
          running = true;
          resolve();
          screen?.join(socket);
        },
        onLine: (state) => (state === 'lost' ? running && notice.lost() : notice.back()),
        onDropped: (stream, bytes) =>
          say.line(`${bytes} bytes of ${stream} are lost: the command has printed more than the terminal stores`),
        onClosed: () => void giveUp(codeOf('SIGPIPE'), 'stop'),
        // If the command ended during an interruption, its last screen is still to be drawn.
        beforeEnd: () => screen?.drawn(),
        signal: leaving.signal,
      });
    });
    const { exit } = following!;
    try {
      if (plan.detached) {
        await Promise.race([started, exit]);
        context.stdout.write(`${plan.run}\n`);
        leave(0);
        await exit.catch(() => {});
        return { code: 0 };
      }
      const ended = await exit;
      if (leftWith !== undefined) throw new Interrupted(leftWith);
      await screen?.shown();
      return outcomeOf(ended);
    } finally {
      screen?.close();
      notice.close();
      stdin?.close();
    }
  }

  /** The screen of a run with a tty uses the same connections, which also report the run's end. */
  async function createOwnScreen(): Promise<OwnScreen> {
    const { createScreen } = await import('../terminal/screen.ts');
    const screen = createScreen({
      stdin: context.stdin,
      stdout: context.stdout,
      stays: true,
      onAttached: () => {},
      onDetached: () => {},
      onEnded: () => {},
      onLeave() {
        if (plan.onLeave === 'detach') return leave(0);
        leaving.abort(new Failure('left with Enter ~ . before the command ended; the command was sent SIGHUP'));
      },
    });
    return {
      join(socket) {
        const session = socket.io.socket('/', { auth: { size: screen.size(), run: plan.run } });
        screen.join(session as unknown as TerminalSocket);
      },
      // Both share one connection, so the command's output arrives before its exit.
      shown: screen.shown,
      drawn: screen.drawn,
      close: screen.close,
    };
  }
}

type OwnScreen = { join(socket: RunSocket): void; shown(): Promise<void>; drawn(): Promise<void>; close(): void };

const pause = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms).unref());

/** A writer that discards output. */
function nowhere() {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
