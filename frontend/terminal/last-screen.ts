// What tmux prints when it ends: it leaves the alternate screen and writes `[exited]`. The page leaves both out, so that the last
// screen can be read and copied. Pure.

const leaving = [...'\x1b[?1049l'].map((character) => character.charCodeAt(0));

/** No mouse reports, so that a drag selects again; no focus reports, no bracketed paste, no cursor. */
export const releaseScreen = '\x18\x1b[?1000;1002;1003;1004;1005;1006;2004;25l\x1b[0m';

/** Returns a function that takes the output piece by piece, and gives what to show of it: nothing after tmux has left the screen. */
export function untilLeft(): (bytes: Uint8Array) => Uint8Array {
  // How much of the sequence the output ended with. That much is held back: a few bytes, and only until the next piece.
  let matched = 0;
  let left = false;
  return (bytes) => {
    if (left) return bytes.subarray(0, 0);
    const held = matched;
    // A plain loop: every byte of a flood comes through here.
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index];
      matched = byte === leaving[matched] ? matched + 1 : byte === leaving[0] ? 1 : 0;
      if (matched < leaving.length) continue;
      left = true;
      return join(held, bytes, index + 1 - leaving.length);
    }
    return join(held, bytes, bytes.length - matched);
  };
}

// Of `held` bytes of the sequence and then `bytes`, what comes before `end`, an index into `bytes` that may be negative.
function join(held: number, bytes: Uint8Array, end: number): Uint8Array {
  if (held === 0) return bytes.subarray(0, Math.max(0, end));
  const whole = new Uint8Array(held + bytes.length);
  whole.set(leaving.slice(0, held));
  whole.set(bytes, held);
  return whole.subarray(0, held + end);
}
