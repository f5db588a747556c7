// The rounds of one peer: each takes one sample in an existing terminal.

import { setTimeout as delay } from 'node:timers/promises';
import { pasting } from '../../common/socket.ts';
import type { Flood } from './floods.ts';
import { floodMB } from './floods.ts';
import { prompt } from './peers.ts';
import { cpuSeconds } from './proc.ts';
import type { Watcher } from './watcher.ts';

const keys = 100;
let marks = 0;

/** A word that is printed by a command, and not by the echo of that command. */
const mark = () => {
  const number = ++marks;
  return { word: `D0NE-${number}-`, command: `echo D0""NE-${number}-` };
};

/** Prints a file. MB/s until its end arrives, and the CPU seconds of the server for 100 MB. */
export async function throughput(terminal: Watcher, pid: number, flood: Flood, path: string) {
  const { word, command } = mark();
  const seen = terminal.sees(word);
  const cpuBefore = cpuSeconds(pid);
  const startedAt = performance.now();
  terminal.types(`cat ${path}; printf '\\033[H\\033[2J'; ${command}\r`);
  const seconds = ((await seen) - startedAt) / 1_000;
  await settle();
  const cpu = cpuSeconds(pid) - cpuBefore;
  return { mbPerSecond: floodMB[flood] / seconds, cpuPer100MB: (cpu * 100) / floodMB[flood] };
}

/** Types keys one by one into `cat`. Milliseconds until each is echoed. */
export async function echo(terminal: Watcher): Promise<number[]> {
  terminal.types('clear; cat\r');
  await settle();
  const times = [await timeKey(terminal)];
  for (let key = 1; key < keys; key++) {
    await delay(3 + Math.random() * 10);
    // Ctrl-U, because the line buffer of a tty is short.
    if (key % 40 === 0) terminal.types('\x15');
    if (key % 40 === 0) await delay(20);
    times.push(await timeKey(terminal));
  }
  await backToPrompt(terminal);
  return times.slice(1);
}

/** As above, while another pane of the same window is flooded. */
export async function echoBesideFlood(terminal: Watcher): Promise<number[]> {
  terminal.types('tmux split-window -h -d "yes flooding the other half of the window"\r');
  await settle();
  const times = await echo(terminal);
  const { word, command } = mark();
  const seen = terminal.sees(word);
  terminal.types(`tmux kill-pane -a; ${command}\r`);
  await seen;
  return times;
}

async function timeKey(terminal: Watcher): Promise<number> {
  const seen = terminal.sees('Z');
  const startedAt = performance.now();
  terminal.types('Z');
  return (await seen) - startedAt;
}

/** Milliseconds from Ctrl-C until the prompt is there again, while `command` floods. */
export async function interrupt(terminal: Watcher, command: string): Promise<number> {
  const { word, command: begin } = mark();
  const begun = terminal.sees(word);
  // Waits for a key before the flood, because tmux omits output that scrolls away before it is drawn, also the mark.
  terminal.types(`clear; ${begin}; read -r; ${command}\r`);
  await begun;
  terminal.types('\r');
  await delay(500);
  return backToPrompt(terminal);
}

/** Pastes this number of bytes as the page does. Milliseconds until a program has read them all. */
export async function paste(terminal: Watcher, bytes: number): Promise<number> {
  const { word, command } = mark();
  const { word: ready, command: begin } = mark();
  const begun = terminal.sees(ready);
  terminal.types(`stty raw -echo; ${begin}; head -c ${bytes} > /dev/null; stty sane; ${command}\r`);
  await begun;
  const seen = terminal.sees(word);
  const startedAt = performance.now();
  const underWay = new Set<Promise<void>>();
  for (let left = bytes; left > 0; left -= pasting.piece) {
    const piece = terminal.pastes?.('x'.repeat(Math.min(left, pasting.piece)));
    if (!piece) throw new Error('It does not say what it has taken.');
    const taken: Promise<void> = piece.then(() => void underWay.delete(taken));
    underWay.add(taken);
    if (underWay.size >= pasting.ahead) await Promise.race(underWay);
  }
  return (await seen) - startedAt;
}

async function backToPrompt(terminal: Watcher): Promise<number> {
  const seen = terminal.sees(prompt.trim());
  const startedAt = performance.now();
  terminal.types('\x03');
  const ms = (await seen) - startedAt;
  await settle();
  return ms;
}

// Output that is still in transit belongs to no sample.
const settle = () => delay(150);
