// Wires the client: its arguments, its process, its exit code.

import { CommanderError } from 'commander';
import { ApiError } from './api/api.ts';
import { toFailure } from './api/claim.ts';
import { type Context, createContext } from './context.ts';
import { Failure, ownFailure } from './failure.ts';
import { createProgram, explainUsage } from './program.ts';

declare const WARMTERM_VERSION: string;

const context = createContext();
// A closed stderr must not end the client.
context.stderr.on('error', () => {});

async function main(): Promise<number> {
  let code = 0;
  const program = createProgram(context, WARMTERM_VERSION, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync();
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      const { code: usage, line } = explainUsage(error);
      if (line !== undefined) context.say.line(line);
      return usage;
    }
    const failure = error instanceof ApiError ? toFailure(error) : error;
    if (failure instanceof Failure) {
      if (failure.message !== '') context.say.line(failure.message + versionsOf(context.server));
      return failure.exitCode;
    }
    context.say.line(
      `${(error as Error)?.message ?? error} (a mistake of warmterm ${WARMTERM_VERSION}; please report it)`,
    );
    if (context.env.WARMTERM_DEBUG) context.stderr.write(`${(error as Error)?.stack}\n`);
    return ownFailure;
  }
}

/** The versions, if server and client differ: that may explain a refusal. */
function versionsOf(server: Context['server']): string {
  if (!server || server.version === WARMTERM_VERSION) return '';
  return ` (The server is of version ${server.version}, this client of ${WARMTERM_VERSION}. The one that fits: ${server.url}/cli/warmterm.mjs)`;
}

/** Resolves when everything was written, or the stream is closed. */
const flushed = (stream: NodeJS.WriteStream) =>
  stream.writableLength === 0 || stream.destroyed
    ? undefined
    : new Promise<void>((resolve) => {
        stream.once('error', () => resolve());
        stream.write('', () => resolve());
      });

const code = await main();
await Promise.all([flushed(context.stdout), flushed(context.stderr)]);
// Idle connections and an open stdin would keep the process alive.
process.exit(code);
