// The pod's tmux session: started before a browser attaches, and watched until it ends.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../common/log.ts';
import type { Size } from '../../common/socket.ts';
import { endBudget } from '../end-budget.ts';
import { startControlClient } from './control-client.ts';
import { createHistory, type History } from './history.ts';
import { runTmux } from './run.ts';
import { waitForPrompt } from './warm-up.ts';

/** The first session of a server. Unlike its name, a visitor cannot change its id. */
const session = '$0';
const size = { cols: 80, rows: 24 };
/**
 * Runs the shell in its first argument at a lower priority than the server and tmux. Otherwise a fork bomb of two thousand processes left the
 * server without processor time for half a minute, and it could not count them. When memory is short, the kernel kills the largest process,
 * which is often the server: it must survive to report the reason. The priority counts only within the container, so shells of other pods are
 * not affected.
 */
const expendable =
  '[ -w /proc/self/oom_score_adj ] && echo 1000 > /proc/self/oom_score_adj; exec $(command -v nice) "$0" -i';

export type TmuxOptions = {
  /** Our own configuration. The visitor's is not read. */
  configFile: string;
  /** A path that nothing else uses. */
  socketPath: string;
  shell: string;
  environment: Record<string, string>;
  log: Logger;
};

/** Whether the window of a client sets the size of the session, and whether its keys are dropped. */
export type ClientOptions = { setsSize: boolean; readOnly: boolean };

export type Tmux = {
  /** Resolves when the prompt is drawn, and logs how long that took. Rejects if the shell ends before. */
  warm: Promise<void>;
  /** Resolves when the session has ended. Never rejects. */
  ended: Promise<void>;
  readonly alive: boolean;
  /** Asks tmux whether the session still exists. */
  check: () => Promise<boolean>;
  /** The arguments of a client that attaches to the session, or to another one of its server. */
  attachArguments: (options: ClientOptions & { session?: string | undefined }) => string[];
  /** The session, for commands that name one. */
  session: string;
  /** Runs commands in a client of their own, for long output. */
  run: (args: string[], onOutput: (bytes: Buffer) => void) => Promise<void>;
  /** Runs one command and returns its short output. Rejects if tmux refuses it or is gone. */
  ask: (command: string) => Promise<string>;
  /** Resolves when `channel` is signalled (tmux(1), wait-for). Rejects when `signal` is aborted, or tmux ends. */
  waitFor: (channel: string, signal: AbortSignal) => Promise<void>;
  /** Calls `listener` whenever the session's window has another size, until the function that it returns is called. */
  onResize: (listener: (size: Size) => void) => () => void;
  /** Changes whether the window of the client on `tty` sets the size of the session. */
  setsSize: (tty: string, sets: boolean) => Promise<void>;
  /** Whether the active pane of a session (by default the terminal's own) shows its history: the next key returns it to its program. */
  isScrolled: (session?: string) => boolean;
  /**
   * Calls `listener` whenever a window or a pane may have changed, by tmux's own notifications. `fresh`: the control client is a new
   * one, without the subscriptions of the former.
   */
  onWindows: (listener: (change: { fresh: boolean }) => void) => void;
  history: History;
  /** When any window last printed something: milliseconds since 1970, up to a second late. */
  lastOutputAt: () => Promise<number>;
  /** Ends the server and everything in it. Resolves when it has ended, or after a timeout. */
  kill: () => Promise<void>;
};

/** Starts a server with one session that runs `shell`. */
export function startTmux({ configFile, socketPath, shell, environment, log }: TmuxOptions): Tmux {
  // Later clients must not start another server (-N).
  const connect = ['-u', '-N', '-S', socketPath];
  const where = { environment, cwd: environment.HOME ?? '/' };
  let onOutput: (() => void) | undefined;
  // Several words after the options are executed directly. A single word would be run by tmux's own shell.
  const first = ['sh', '-c', expendable, shell];
  const create = ['new-session', '-x', String(size.cols), '-y', String(size.rows), '-s', 'warmterm', ...first];
  const history = createHistory((command) => client.command(command));
  let windowsChanged: (change: { fresh: boolean }) => void = () => {};
  const listeners = {
    onPaneMode: history.look,
    onWindows: () => {
      // Another pane may be active now, or the window may have another size.
      history.look();
      void readSize();
      windowsChanged({ fresh: false });
    },
  };
  const sizeListeners = new Set<(size: Size) => void>();
  const readSize = async () => {
    if (sizeListeners.size === 0) return;
    const format = '#{window_width} #{window_height}';
    const text = await client.command(`display-message -p -t '${session}' '${format}'`).catch(() => '');
    const [cols, rows] = text.trim().split(' ').map(Number);
    if (cols && rows) for (const listener of sizeListeners) listener({ cols, rows });
  };
  let client = startControlClient(['-u', '-C', '-f', configFile, '-S', socketPath, ...create], {
    ...where,
    ...listeners,
    onOutput: () => onOutput?.(),
  });
  let alive = true;

  // It only watches: it needs no output, and its size must not count.
  const quiet = async () => {
    await client.command('refresh-client -f no-output,ignore-size');
    // If this process is killed, its clients end, and no one could return to their tmux server: end it too. A little later, because a dying process
    // still answers, as does a zombie.
    const dead = `grep -qs "^State:.Z" /proc/${process.pid}/status`;
    const living = `kill -0 ${process.pid} 2>/dev/null && ! ${dead}`;
    // tmux 3.3 can wait for ever for a control client that is not read, so kill that one first.
    const orphaned = `${living} || { kill -9 ${client.pid}; tmux -S ${quote(socketPath)} kill-server; }`;
    await client.command(`set-hook -g client-detached ${quote(`run-shell -b -d 1 ${quote(orphaned)}`)}`);
    await client.command(`set-option -g default-command ${quote(`exec sh -c '${expendable}' '${shell}'`)}`);
  };

  const warm = (async () => {
    await client.attached.catch(async () => {
      throw new Error(`tmux did not start: ${(await client.closed) || 'the shell ended at once'}`);
    });
    await waitForPrompt(
      client,
      (listener) => {
        onOutput = listener;
      },
      log,
    );
    await quiet();
  })();

  // The visitor may detach every client, including ours. Only whether one can attach again tells if the session exists.
  const ended = (async () => {
    for (;;) {
      await client.closed;
      client = startControlClient([...connect, '-C', 'attach-session', '-t', session], { ...where, ...listeners });
      if (!(await succeeds(client.attached))) break;
      await quiet().catch(() => {});
      windowsChanged({ fresh: true });
    }
    alive = false;
  })();

  return {
    warm,
    ended,
    get alive() {
      return alive;
    },
    isScrolled: (other = session) => history.isScrolled(other),
    onWindows: (listener) => {
      windowsChanged = listener;
    },
    history,
    check: async () => {
      const asked = client;
      if (await succeeds(asked.command(`has-session -t '${session}'`))) return true;
      await asked.closed;
      // By now it is another client, which either attaches or fails.
      await client.attached.catch(() => ended);
      return alive;
    },
    attachArguments: ({ session: other = session, ...options }) => [
      ...connect,
      'attach-session',
      '-f',
      clientFlags(options),
      '-t',
      other,
    ],
    onResize: (listener) => {
      sizeListeners.add(listener);
      void readSize();
      return () => sizeListeners.delete(listener);
    },
    setsSize: async (tty, sets) => {
      await client.command(`refresh-client -t ${quote(tty)} -f ${quote(sizeFlag(sets))}`);
    },
    session,
    run: (args, onOutput) => runTmux([...connect, ...args], { ...where, onOutput }),
    ask: (command) => client.command(command),
    waitFor: (channel, signal) => runTmux([...connect, 'wait-for', channel], { ...where, onOutput: () => {}, signal }),
    lastOutputAt: async () => {
      const seconds = (await client.command("list-windows -a -F '#{window_activity}'")).split('\n').map(Number);
      return (Math.max(0, ...seconds) + 1) * 1_000;
    },
    kill: async () => {
      if (!alive) return;
      client.command('kill-server').catch(() => {});
      await Promise.race([ended, delay(endBudget.tmux, undefined, { ref: false })]);
    },
  };
}

const sizeFlag = (sets: boolean) => `${sets ? '!' : ''}ignore-size`;
const clientFlags = ({ setsSize, readOnly }: ClientOptions) => sizeFlag(setsSize) + (readOnly ? ',read-only' : '');

const quote = (text: string) => `"${text.replace(/["\\$]/g, '\\$&')}"`;

const succeeds = (attempt: Promise<unknown>): Promise<boolean> =>
  attempt.then(
    () => true,
    () => false,
  );
