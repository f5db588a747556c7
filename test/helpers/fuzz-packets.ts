// Malformed packets and handshakes from a seed: random bytes, almost valid socket.io,
// and valid socket.io with random content.

export type Random = {
  /** From 0 to 1. */
  next: () => number;
  /** A whole number below `limit`. */
  below: (limit: number) => number;
  pick: <T>(of: readonly T[]) => T;
};

/** Mulberry32: short, and the same on every machine. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { next, below, pick: (of) => of[below(of.length)]! };
}

const proper = [
  '40{"ticket":"x.y.z","size":{"cols":80,"rows":24}}',
  '40/admin,{"ticket":"x"}',
  '41',
  '42["input","aaaa"]',
  '427["input","aaaa"]',
  '42["resize",{"cols":80,"rows":24}]',
  '42["acknowledge",8192]',
  '428["search",{"text":"a","move":"newest"}]',
  '429["search",{"text":"a","move":"previous"}]',
  '42["search",null]',
  '428["window",{"do":"new"}]',
  '42["window",{"do":"step","to":"next"}]',
  '429["window",{"do":"rename","window":"@0","name":"a"}]',
  '437[]',
  '44{"message":"x"}',
  '451-["input",{"_placeholder":true,"num":0}]',
  '452-["input",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]',
  '461-7[{"_placeholder":true,"num":0}]',
  '0{"sid":"x","upgrades":[],"pingInterval":1,"pingTimeout":1}',
  '2probe',
  '3',
  '5',
  '6',
] as const;

const events = [
  'input',
  'resize',
  'acknowledge',
  'search',
  'window',
  'attached',
  'disconnect',
  'connect',
  'error',
  '__proto__',
  '',
  'nonsense',
];

/** One frame: text, or bytes. */
export function makePacket(random: Random): string | Buffer {
  const kind = random.below(10);
  if (kind === 0) return makeBytes(random, random.below(200));
  if (kind === 1) return makeText(random, random.below(200));
  if (kind === 2) return `${random.below(10)}${makeText(random, random.below(40))}`;
  if (kind < 7) return mutate(random, random.pick(proper));
  const values = Array.from({ length: random.below(4) }, () => makeValue(random, 3));
  return `42${random.below(4) === 0 ? random.below(1e6) : ''}${JSON.stringify([random.pick(events), ...values])}`;
}

/** A WebSocket request, valid or with any part of it wrong. */
export function makeHandshake(random: Random): string {
  const path = random.pick(['/socket.io/', '/socket.io', '/', '/socket.io/../', `/${makeText(random, 20)}`]);
  const query = random.pick([
    'EIO=4&transport=websocket',
    'EIO=3&transport=websocket',
    'EIO=4&transport=polling',
    'EIO=4&sid=x',
    '',
  ]);
  const lines = [
    `GET ${path}?${query} HTTP/1.1`,
    `Host: ${random.pick(['127.0.0.1', '', 'x'.repeat(300)])}`,
    'Connection: Upgrade',
    `Upgrade: ${random.pick(['websocket', 'websocket', 'h2c', ''])}`,
    `Sec-WebSocket-Version: ${random.pick(['13', '13', '8', '0', '-1'])}`,
    `Sec-WebSocket-Key: ${random.pick(['dGhlIHNhbXBsZSBub25jZQ==', 'short', ''])}`,
    `Sec-WebSocket-Extensions: ${random.pick(['permessage-deflate', 'x; y="', 'permessage-deflate; server_max_window_bits=99'])}`,
  ];
  const request = `${lines.filter(() => random.below(8) > 0).join('\r\n')}\r\n\r\n`;
  return random.below(3) === 0 ? mutate(random, request) : request;
}

function mutate(random: Random, text: string): string {
  let mutated = text;
  for (let times = random.below(4); times > 0; times--) {
    const at = random.below(mutated.length + 1);
    const length = random.below(6);
    const piece = random.pick([makeText(random, length), mutated.slice(at, at + length).repeat(3), '']);
    mutated = mutated.slice(0, at) + piece + mutated.slice(at + random.below(4));
  }
  return mutated;
}

const marks = '[]{}"\\,:0123456789-+.eE\u0000\u0007\u001b\u009b\ud800\udfff é漢😀_placeholder';
const makeText = (random: Random, length: number): string =>
  Array.from({ length }, () => marks[random.below(marks.length)]).join('');

const makeBytes = (random: Random, length: number): Buffer =>
  Buffer.from(Array.from({ length }, () => random.below(256)));

function makeValue(random: Random, depth: number): unknown {
  const simple = [null, true, '', 'a', -1, 0, 1e308, 1e-320, 2 ** 53, 'x'.repeat(70_000), makeText(random, 20)];
  const kind = random.below(depth > 0 ? 5 : 3);
  if (kind < 3) return random.pick(simple);
  if (kind === 3) return Array.from({ length: random.below(4) }, () => makeValue(random, depth - 1));
  const keys = ['cols', 'rows', '_placeholder', 'num', '__proto__', 'constructor', 'toString', 'length'];
  // Not a literal: a key may be `__proto__`, and must arrive as such.
  return JSON.parse(
    `{${Array.from({ length: random.below(4) }, () => `"${random.pick(keys)}":${JSON.stringify(makeValue(random, depth - 1))}`).join()}}`,
  );
}
