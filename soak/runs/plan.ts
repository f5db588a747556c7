// The runs of `npm run soak -- --runs N`: the command of each client, and its expected result. Pure, from the seed.

import { createHash } from 'node:crypto';
import type { Random } from '../../bench/simulate/random.ts';

export const kinds = ['short', 'long', 'piped', 'printed', 'tty', 'detached', 'ended'] as const;
export type Kind = (typeof kinds)[number];

export type PlannedRun = {
  number: number;
  kind: Kind;
  /** `relay`: the line of its client reaches only the webserver, no terminal. */
  way: 'direct' | 'relay';
  /** Options of `warmterm run`, before the `--`. */
  options: string[];
  command: string[];
  /** The input to its stdin, in pieces with a pause of `pauseMs`; undefined: /dev/null. */
  input: { pieces: Buffer[]; pauseMs: number } | undefined;
  /** The text typed into the terminal of a run with a tty. */
  typed: string | undefined;
  expected: { code: number; stdout: string; stderr: string };
};

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

// Each kind with its share.
const shares: [number, Kind][] = [
  [30, 'short'],
  [20, 'long'],
  [20, 'piped'],
  [5, 'printed'],
  [12, 'tty'],
  [8, 'detached'],
  [5, 'ended'],
];
const relayShare = 0.3;
const mostInput = 4_000_000;

export function planRun(number: number, random: Random): PlannedRun {
  const kind = drawKind(random);
  const run = {
    number,
    kind,
    way: random() < relayShare ? ('relay' as const) : ('direct' as const),
    options: [],
    input: undefined,
    typed: undefined,
  };
  return { ...run, ...describe[kind](random) };
}

type Description = Partial<PlannedRun> & Pick<PlannedRun, 'command' | 'expected'>;

const describe: Record<Kind, (random: Random) => Description> = {
  short(random) {
    const [out, err, code] = [words(random, 3), words(random, 2), anyCode(random)];
    return {
      command: ['sh', '-c', 'printf %s "$1"; printf %s "$2" >&2; exit "$3"', 'sh', out, err, String(code)],
      expected: expect(code, out, err),
    };
  },
  long: (random) => ticking(random),
  detached: (random) => ({ ...ticking(random), options: ['--detach'] }),
  piped(random) {
    const bytes = randomBytes(random, Math.floor(random() ** 3 * mostInput));
    const code = anyCode(random);
    const paced = random() < 0.5;
    const size = paced ? Math.max(1, Math.ceil(bytes.length / 20)) : Math.max(1, bytes.length);
    const pieces = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    return {
      command: ['sh', '-c', 'tee /dev/stderr; exit "$1"', 'sh', String(code)],
      input: { pieces, pauseMs: paced ? between(random, 50, 500) : 0 },
      expected: expect(code, bytes, bytes),
    };
  },
  printed(random) {
    const lines = between(random, 1_000, 800_000);
    return {
      command: ['seq', '1', String(lines)],
      expected: expect(0, Array.from({ length: lines }, (_, index) => `${index + 1}\n`).join(''), ''),
    };
  },
  tty(random) {
    const [typed, code, seconds] = [words(random, 2), anyCode(random), between(random, 0, 6)];
    const sum = sha256(typed).slice(0, 16);
    const script =
      'echo ready; read -r line; echo "sum:$(printf %s "$line" | sha256sum | cut -c1-16)"; sleep "$1"; exit "$2"';
    // Only this part of a screen is checked: tmux decides the rest.
    return {
      command: ['sh', '-c', script, 'sh', String(seconds), String(code)],
      typed,
      expected: { code, stdout: `sum:${sum}`, stderr: '' },
    };
  },
  ended: (random) => pick(random, endings),
};

const endings: Description[] = [
  { command: ['sh', '-c', 'echo last; kill -KILL $$'], expected: expect(137, 'last\n', '') },
  { command: ['sh', '-c', 'echo last; kill -TERM $$'], expected: expect(143, 'last\n', '') },
  {
    options: ['--timeout', '700ms'],
    command: ['sh', '-c', 'echo first; exec sleep 1000'],
    expected: expect(124, 'first\n', 'warmterm: The command was ended at its time limit.\n'),
  },
];

/** Prints a line on each stream, again and again, for some seconds. */
function ticking(random: Random): Description {
  const [count, pause, code, word] = [
    between(random, 10, 80),
    between(random, 1, 4),
    anyCode(random),
    words(random, 1),
  ];
  const script =
    'i=0; while [ $i -lt "$1" ]; do i=$((i + 1)); echo "$4 $i"; echo "$i $4" >&2; sleep "0.$2"; done; exit "$3"';
  const lines = (print: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => `${print(index + 1)}\n`).join('');
  return {
    command: ['sh', '-c', script, 'sh', String(count), String(pause), String(code), word],
    expected: expect(
      code,
      lines((index) => `${word} ${index}`),
      lines((index) => `${index} ${word}`),
    ),
  };
}

function expect(code: number, stdout: Buffer | string, stderr: Buffer | string): PlannedRun['expected'] {
  return { code, stdout: sha256(stdout), stderr: sha256(stderr) };
}

function drawKind(random: Random): Kind {
  let left = random() * shares.reduce((sum, [share]) => sum + share, 0);
  for (const [share, kind] of shares) {
    left -= share;
    if (left < 0) return kind;
  }
  return 'short';
}

/** Half of all succeed. 124 to 127 are left out, because the client uses them too. */
const anyCode = (random: Random): number => (random() < 0.5 ? 0 : between(random, 1, 123));
const between = (random: Random, from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
const pick = <T>(random: Random, items: T[]): T => items[Math.floor(random() * items.length)]!;
const words = (random: Random, count: number): string =>
  Array.from({ length: count }, () => Math.floor(random() * 36 ** 6).toString(36)).join(' ');

function randomBytes(random: Random, length: number): Buffer {
  const numbers = new Uint32Array(Math.ceil(length / 4));
  for (let index = 0; index < numbers.length; index++) numbers[index] = Math.floor(random() * 2 ** 32);
  return Buffer.from(numbers.buffer, 0, length);
}
