// Runs a tmux client that executes a few commands and ends. Its output is streamed.

import { spawn } from 'node:child_process';

const patienceMs = 5_000;
const longestComplaint = 1_000;

/**
 * Resolves once `tmux` with these arguments has exited with 0; rejects otherwise. It is killed after a timeout, or if `signal` is given, when
 * that is aborted.
 */
export function runTmux(
  args: string[],
  options: {
    environment: Record<string, string>;
    cwd: string;
    onOutput: (bytes: Buffer) => void;
    signal?: AbortSignal;
  },
): Promise<void> {
  const { environment, cwd, onOutput, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn('tmux', args, {
      env: environment,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal ? { signal } : { timeout: patienceMs }),
      killSignal: 'SIGKILL',
    });
    let complaint = '';
    child.stdout.on('data', onOutput);
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      complaint = (complaint + piece).slice(-longestComplaint);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`tmux: ${complaint.trim() || `ended with ${code}`}`));
    });
  });
}
