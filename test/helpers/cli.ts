// The built client as a process: its arguments, its streams, its exit code.

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { spawn as spawnPty } from 'node-pty';
import { dist } from './built.ts';
import { poll } from './poll.ts';

export const builtCli = fileURLToPath(new URL('cli/warmterm.mjs', dist));

type Scope = Pick<ExecutionContext, 'teardown'>;

export type Ended = {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
  stderrBytes: Buffer;
};

export type Client = {
  process: ChildProcess;
  /** The output so far. */
  stdout: () => string;
  stderr: () => string;
  ended: Promise<Ended>;
  /** Waits until `text` is in the output. */
  until: (text: string | RegExp, timeoutMs?: number) => Promise<void>;
};

export type Cli = {
  env: Record<string, string>;
  /** Starts the client. stdin is a pipe that stays open, unless `input` is a text, or null for /dev/null. */
  start: (args: string[], options?: CliOptions) => Client;
  /** Runs the client to its end. */
  run: (args: string[], options?: CliOptions) => Promise<Ended>;
  /** Runs the client on its own pty. */
  inTerminal: (args: string[], options?: { cols?: number; rows?: number; env?: Record<string, string> }) => PtyClient;
};

export type CliOptions = { input?: string | Buffer | null; env?: Record<string, string>; cwd?: string };

/** A new visitor of the server at `url`. */
export function createCli(t: Scope, url: string): Cli {
  const home = mkdtempSync(join(tmpdir(), 'warmterm-cli-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const env = { PATH: process.env.PATH ?? '', HOME: home, WARMTERM_URL: url, TERM: 'xterm-256color', LANG: 'C.UTF-8' };

  function start(args: string[], { input = '', env: more, cwd }: CliOptions = {}): Client {
    const child = spawn(process.execPath, [builtCli, ...args], {
      env: { ...env, ...more },
      cwd,
      stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    t.teardown(() => void child.kill('SIGKILL'));
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout!.on('data', (bytes) => out.push(bytes));
    child.stderr!.on('data', (bytes) => err.push(bytes));
    child.stdin?.on('error', () => {});
    const stdout = () => Buffer.concat(out).toString();
    const stderr = () => Buffer.concat(err).toString();
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code, signal) =>
        resolve({ code, signal, stdout: Buffer.concat(out), stderr: stderr(), stderrBytes: Buffer.concat(err) }),
      );
    });
    return { process: child, stdout, stderr, ended, until: (text, ms) => waitFor(() => stdout() + stderr(), text, ms) };
  }

  return {
    env,
    start,
    async run(args, options = {}) {
      const client = start(args, options);
      if (options.input !== null) client.process.stdin!.end(options.input ?? '');
      return client.ended;
    },
    inTerminal: (args, { cols = 80, rows = 24, env: more } = {}) => {
      const pty = spawnPty(
        'sh',
        [
          '-c',
          // The pty may lose output printed just before it closes, so it stays open.
          `trap : INT; stty -a; "$@"; code=$?; echo; echo "left with $code"; stty -a; echo over; read -r _`,
          'sh',
          process.execPath,
          builtCli,
          ...args,
        ],
        {
          cols,
          rows,
          cwd: home,
          env: { ...env, ...more },
        },
      );
      t.teardown(() => pty.kill('SIGKILL'));
      let text = '';
      pty.onData((more) => {
        text += more;
      });
      return {
        pid: pty.pid,
        write: (keys) => pty.write(keys),
        resize: (toCols, toRows) => pty.resize(toCols, toRows),
        text: () => text,
        until: (what, ms) => waitFor(() => text, what, ms),
        hangUp: () => pty.kill('SIGHUP'),
      };
    },
  };
}

export type PtyClient = {
  pid: number;
  write: (keys: string) => void;
  resize: (cols: number, rows: number) => void;
  text: () => string;
  until: (text: string | RegExp, timeoutMs?: number) => Promise<void>;
  hangUp: () => void;
};

/** The settings that `stty -a` prints, without the size. */
const plain = (text = '') => text.replace(/rows \d+; columns \d+/, '').replace(/\s+/g, ' ');

/** Resolves once the client has restored the settings of its terminal. */
export async function restored(t: ExecutionContext, pty: PtyClient): Promise<void> {
  await pty.until(/^over/m);
  const [before, after] = [...pty.text().matchAll(/speed \d+ baud;[\s\S]*?extproc/g)].map(([text]) => plain(text));
  t.truthy(before);
  t.is(after, before, 'the terminal is as it was');
}

async function waitFor(read: () => string, what: string | RegExp, timeoutMs = 60_000): Promise<void> {
  const found = () => (typeof what === 'string' ? read().includes(what) : what.test(read()));
  if (!(await poll(found, timeoutMs)))
    throw new Error(`${what} did not come. There is: ${JSON.stringify(read().slice(-2_000))}`);
}

/** A temporary folder that the tests of one file share. */
export function privateFolder(t: Scope): string {
  const folder = mkdtempSync(join(tmpdir(), 'warmterm-cli-files-'));
  chmodSync(folder, 0o755);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
