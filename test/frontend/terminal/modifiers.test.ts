import test from 'ava';
import { withModifiers } from '../../../frontend/terminal/modifiers.ts';

const makes = test.macro({
  exec(t, held: string, typed: string, expected: string) {
    const modifiers = { ctrl: held.includes('Ctrl'), alt: held.includes('Alt') };
    t.is(withModifiers(typed, modifiers), expected);
  },
  title: (_, held, typed, expected) => `${held} + ${JSON.stringify(typed)} is ${JSON.stringify(expected)}`,
});

test(makes, 'Ctrl', 'c', '\x03');
test(makes, 'Ctrl', 'C', '\x03');
test(makes, 'Ctrl', '[', '\x1b');
test(makes, 'Ctrl', '_', '\x1f');
test(makes, 'Ctrl', '/', '\x1f');
test(makes, 'Ctrl', ' ', '\0');
test(makes, 'Ctrl', '?', '\x7f');
test(makes, 'Ctrl', '5', '5');
test(makes, 'Ctrl', 'é', 'é');
test(makes, 'Alt', 'b', '\x1bb');
test(makes, 'Alt', '\t', '\x1b\t');
test(makes, 'Alt', '😀', '\x1b😀');
test(makes, 'Ctrl Alt', 'x', '\x1b\x18');
test(makes, 'Ctrl', '\x1b[C', '\x1b[1;5C');
test(makes, 'Ctrl', '\x1bOC', '\x1b[1;5C');
test(makes, 'Alt', '\x1b[D', '\x1b[1;3D');
test(makes, 'Ctrl Alt', '\x1b[A', '\x1b[1;7A');
test(makes, 'nothing', '\x1b[A', '\x1b[A');
test(makes, 'nothing', 'c', 'c');
test(makes, 'Ctrl', 'a paste', 'a paste');
test(makes, 'Ctrl', '\x1b[<64;1;1M', '\x1b[<64;1;1M');
