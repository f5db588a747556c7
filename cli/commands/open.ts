// warmterm open: the page of the visitor's terminal, or of a run.

import { spawn } from 'node:child_process';
import { readServer } from '../config.ts';
import type { Context } from '../context.ts';
import { readRunId } from '../run/ids.ts';

export async function open(context: Context, run: string | undefined, { pool }: { pool?: string }): Promise<number> {
  const url = new URL(readServer(context.env));
  if (pool !== undefined) url.searchParams.set('pool', pool);
  if (run !== undefined) url.searchParams.set('run', readRunId(run));
  context.stdout.write(`${url}\n`);
  const [program, ...before] = opener(context.env) ?? [];
  if (program === undefined || !context.stdout.isTTY) return 0;
  // It is a convenience: where it cannot be started, the address is there.
  spawn(program, [...before, String(url)], { detached: true, stdio: 'ignore' })
    .once('error', () => {})
    .unref();
  return 0;
}

function opener(env: Record<string, string | undefined>): string[] | undefined {
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : undefined;
}
