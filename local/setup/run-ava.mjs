// Runs ava on bundled test files, and counts results.

import { spawn } from 'node:child_process';
import { bin, root } from './run.mjs';

// ava's summary lines. Uncaught exceptions and tests that never ended count as failures.
const failures = /^\s*(\d+) (?:tests? failed|uncaught exceptions?|unhandled rejections?|tests? remained pending)/;
// Lines that name a failed test or file: `✘ [fail]: a › b › title`, `Uncaught exception in a/b.test.mjs`.
const complaints = /^\s*✘ (?!Timed out)|(?:exception|rejection|tests were pending) in /;
const skips = /^\s*(\d+) tests? (?:skipped|todo)/;

/**
 * Shows ava's output. Resolves with the numbers of tests, and the lines that name what failed; `failed` is at least 1 when ava
 * failed.
 */
export function runAva(args, env) {
  const ava = spawn(bin('ava'), args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => ava.kill());
  const counts = { passed: 0, failed: 0, skipped: 0, complaints: [] };
  let rest = '';
  const read = (line) => {
    // Count the lines of passed tests: ava's summary has their number only if nothing failed.
    if (/^\s*✔ /.test(line)) counts.passed++;
    if (complaints.test(line)) counts.complaints.push(line);
    counts.failed += Number(failures.exec(line)?.[1] ?? 0);
    counts.skipped += Number(skips.exec(line)?.[1] ?? 0);
  };
  ava.stdout.setEncoding('utf8').on('data', (chunk) => {
    process.stdout.write(chunk);
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    lines.forEach(read);
  });
  return new Promise((resolve) => {
    ava.on('close', (code) => {
      if (code !== 0) counts.failed = Math.max(counts.failed, 1);
      resolve(counts);
    });
  });
}
