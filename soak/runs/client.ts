// Executes one planned run with the built client, and reports what is wrong with the result.

import { setTimeout as delay } from 'node:timers/promises';
import { type Cli, createCli, type Ended } from '../../test/helpers/cli.ts';
import type { Teardown } from '../../test/helpers/webserver-listen.ts';
import { type PlannedRun, sha256 } from './plan.ts';

/** The longest time of any run, with all of its cuts. */
const longestMs = 240_000;
/** Input that is typed during a disconnection is lost. A person would type it again after this time. */
const typeAgainMs = 4_000;

export type Outcome = {
  rightCode: boolean;
  equalHashes: boolean;
  /** The differences, as text. Empty if there are none. */
  wrong: string;
};

export type ClientOptions = { url: string; env: Record<string, string> };

/** Rejects when the client does not end. */
export function runClient(t: Teardown, run: PlannedRun, { url, env }: ClientOptions): Promise<Outcome> {
  const made = createCli(t, url);
  const cli: Cli = { ...made, start: (args, options) => made.start(args, { ...options, env }) };
  if (run.kind === 'tty') return runInTerminal(made, run, env);
  return run.kind === 'detached' ? runDetached(cli, run) : runPiped(cli, run);
}

async function runPiped(cli: Cli, run: PlannedRun): Promise<Outcome> {
  const client = cli.start(['run', ...run.options, '--', ...run.command], run.input ? {} : { input: null });
  if (run.input) void feed(client.process.stdin!, run.input);
  const ended = await withinLimit(client.ended);
  return judge(run, ended, ended);
}

async function feed(stdin: NodeJS.WritableStream, { pieces, pauseMs }: NonNullable<PlannedRun['input']>) {
  for (const piece of pieces) {
    stdin.write(piece);
    if (pauseMs > 0) await delay(pauseMs);
  }
  stdin.end();
}

/** Its output and its exit are read by separate processes. */
async function runDetached(cli: Cli, run: PlannedRun): Promise<Outcome> {
  const started = await withinLimit(cli.start(['run', ...run.options, '--', ...run.command], { input: null }).ended);
  const id = String(started.stdout).trim();
  if (started.code !== 0) return judge(run, started, started);
  const [logs, waited] = await withinLimit(
    Promise.all([cli.start(['logs', '-f', id], { input: null }).ended, cli.start(['wait', id], { input: null }).ended]),
  );
  const outcome = judge(run, waited, logs);
  return logs.code === 0 ? outcome : { ...outcome, equalHashes: false, wrong: describeEnd('logs -f', logs) };
}

/** Checks only the command's response to the input on its screen, and that the local terminal is restored. */
async function runInTerminal(cli: Cli, run: PlannedRun, env: Record<string, string>): Promise<Outcome> {
  const pty = cli.inTerminal(['run', ...run.options, '--', ...run.command], { env });
  const over = /^over/m;
  const deadline = performance.now() + longestMs;
  await pty.until(/ready|^over/m, longestMs);
  while (!pty.text().includes('sum:') && !over.test(pty.text()) && performance.now() < deadline) {
    pty.write(`\x15${run.typed}\r`);
    await pty.until(/sum:|^over/m, typeAgainMs).catch(() => {});
  }
  await pty.until(over, longestMs);
  const text = pty.text();
  const settings = [...text.matchAll(/speed \d+ baud;[\s\S]*?extproc/g)].map(([found]) => found.replace(/\s+/g, ' '));
  const code = Number(/left with (\d+)/.exec(text)?.[1]);
  const rightCode = code === run.expected.code;
  const equalHashes = text.includes(run.expected.stdout) && settings.length === 2 && settings[0] === settings[1];
  const wrong = rightCode && equalHashes ? '' : `code ${code}, screen ${JSON.stringify(text.slice(-1_500))}`;
  return { rightCode, equalHashes, wrong };
}

function judge(run: PlannedRun, { code, signal, stderr: said }: Ended, printed: Ended): Outcome {
  const stderr = withoutOwnLines(printed.stderrBytes);
  const rightCode = code === run.expected.code;
  const equalHashes = sha256(printed.stdout) === run.expected.stdout && sha256(stderr) === run.expected.stderr;
  const what = `${code ?? signal}, ${printed.stdout.length} bytes of stdout, ${stderr.length} of stderr`;
  const wrong = rightCode && equalHashes ? '' : `${what}: ${JSON.stringify(said.slice(-500))}`;
  return { rightCode, equalHashes, wrong };
}

const describeEnd = (what: string, { code, stderr }: Ended) =>
  `${what}: ${code}, ${JSON.stringify(stderr.slice(-500))}`;

/** The client may report a lost line within the output of the command. */
function withoutOwnLines(stderr: Buffer): Buffer {
  const text = stderr
    .toString('latin1')
    .replaceAll(
      Buffer.from('warmterm: the line is lost; the command goes on meanwhile. Reconnecting …\n').toString('latin1'),
      '',
    )
    .replaceAll('warmterm: reconnected\n', '');
  return Buffer.from(text, 'latin1');
}

async function withinLimit<T>(ended: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = delay(longestMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`The client has not ended within ${longestMs / 1_000} s.`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([ended, late]);
  } finally {
    over.abort();
  }
}
