// Searches /proc for processes that a test left behind.

import { readdirSync, readFileSync } from 'node:fs';

export type Process = { pid: number; command: string };

/** Living processes whose command line or home names `text`. */
export function processesNaming(text: string): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const command = read(`/proc/${name}/cmdline`);
      const named = command.includes(text) || read(`/proc/${name}/environ`).includes(text);
      return named && Number(name) !== process.pid
        ? [{ pid: Number(name), command: command.replaceAll('\0', ' ') }]
        : [];
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
