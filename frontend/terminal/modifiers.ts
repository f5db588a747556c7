// What Ctrl and Alt make of a key that a touch keyboard cannot combine with them. Pure.

export type Modifiers = { ctrl: boolean; alt: boolean };

/** `data`, as typed, with the modifiers held down. What is no single key, such as a paste, stays as it is. */
export function withModifiers(data: string, { ctrl, alt }: Modifiers): string {
  const [, letter] = /^\x1b[[O]([ABCDFH])$/.exec(data) ?? [];
  // https://invisible-island.net/xterm/ctlseqs/ctlseqs.html#h2-PC-Style-Function-Keys
  if (letter !== undefined && (ctrl || alt)) return `\x1b[1;${1 + (alt ? 2 : 0) + (ctrl ? 4 : 0)}${letter}`;
  if ([...data].length !== 1) return data;
  return `${alt ? '\x1b' : ''}${ctrl ? controlled(data) : data}`;
}

function controlled(character: string): string {
  const others: Record<string, string> = { ' ': '\0', '?': '\x7f', '/': '\x1f', '-': '\x1f' };
  if (character in others) return others[character] as string;
  return /^[@-_a-z]$/.test(character) ? String.fromCharCode(character.charCodeAt(0) & 0x1f) : character;
}

/** How a modifier of the row is: for one key, until it is let go, or not at all. */
export type Stickiness = 'off' | 'once' | 'locked';

export const afterTap: Record<Stickiness, Stickiness> = { off: 'once', once: 'locked', locked: 'off' };
export const afterKey: Record<Stickiness, Stickiness> = { off: 'off', once: 'off', locked: 'locked' };
