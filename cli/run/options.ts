// The options that run and exec share, checked. Pure.

import { parseDuration } from '../../common/duration.ts';
import type { StartRun } from '../../common/runs.ts';
import { Failure } from '../failure.ts';

export type CommandOptions = {
  env?: string[];
  workdir?: string;
  timeout?: string;
  interactive?: boolean;
  tty?: boolean;
  detach?: boolean;
};

type Streams = { stdin: { isTTY?: boolean }; stdout: { isTTY?: boolean } };

// As in common/runs.ts.
const longestCommand = 131_072;
const longestTimeoutMs = 7 * 86_400_000;

/** Docker's `-e`: `NAME=value`, or `NAME` with its local value. */
export function readEnvironment(
  words: readonly string[],
  own: Record<string, string | undefined>,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const word of words) {
    const at = word.indexOf('=');
    const name = at < 0 ? word : word.slice(0, at);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new Failure(`-e ${word}: not the name of a variable. Write -e NAME=VALUE.`);
    const value = at < 0 ? own[name] : word.slice(at + 1);
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** Throws if `text` is not a valid duration for a run. */
export function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms <= longestTimeoutMs) return ms;
  throw new Failure(`--timeout ${text}: not a duration of at most 7d. Write it such as 30s, 10m or 2h.`);
}

/** Whether the run gets a tty: if stdin and stdout are terminals, or with -t. */
export const wantsTty = ({ tty, detach }: CommandOptions, { stdin, stdout }: Streams): boolean =>
  tty ?? (!detach && stdin.isTTY === true && stdout.isTTY === true);

/** Whether this stdin is the run's. Without -i a terminal is not read: another program of the pipe may read its keys. */
export const wantsInput = ({ interactive, detach }: CommandOptions, { stdin }: Streams): boolean =>
  !detach && (interactive === true || stdin.isTTY !== true);

/** Throws if the command with its environment is longer than a terminal accepts. */
export function checkLength({ command, environment }: Pick<StartRun, 'command' | 'environment'>): void {
  const length = Buffer.byteLength(JSON.stringify([command, environment]));
  if (length > longestCommand)
    throw new Failure(
      `The command is too long: ${length} bytes of at most ${longestCommand}. Send it as a file, or by stdin.`,
    );
}
