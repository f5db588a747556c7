import test from 'ava';
import { actionOf, shortcuts, tabNumberOf } from '../../../frontend/terminal/shortcuts.ts';

const press = (keys: string, code: string) => {
  const parts = keys.split(' ');
  return {
    ctrlKey: parts.includes('Ctrl'),
    metaKey: parts.includes('Cmd'),
    shiftKey: parts.includes('Shift'),
    altKey: parts.includes('Alt'),
    key: parts.at(-1)!,
    code,
  };
};

const means = test.macro({
  exec(t, keys: string, code: string, action: string | undefined) {
    t.is(actionOf(press(keys, code)), action as never);
  },
  title: (_, keys, code, action) => `${keys} (${code}) is ${action ?? 'the shell’s'}`,
});

test(means, 'Ctrl Shift C', 'KeyC', 'copy');
test(means, 'Cmd Shift C', 'KeyC', 'copy');
test(means, 'Ctrl Shift V', 'KeyV', 'paste');
test(means, 'Ctrl +', 'BracketRight', 'larger');
test(means, 'Ctrl Shift +', 'Equal', 'larger');
test(means, 'Ctrl =', 'Equal', 'larger');
test(means, 'Ctrl -', 'Minus', 'smaller');
test(means, 'Ctrl 0', 'Digit0', 'usualSize');
test(means, 'Ctrl Shift ?', 'Slash', 'help');
test(means, 'Ctrl Shift ?', 'Minus', 'help');
test(means, 'Ctrl Shift Enter', 'Enter', 'fullScreen');
test(means, 'Ctrl Shift T', 'KeyT', 'newTab');
test(means, 'Ctrl Shift Y', 'KeyY', 'newTab');
test(means, 'Ctrl Shift PageDown', 'PageDown', 'nextTab');
test(means, 'Ctrl Shift PageUp', 'PageUp', 'previousTab');
test(means, 'Ctrl PageUp', 'PageUp', undefined);
test(means, 'Ctrl c', 'KeyC', undefined);
test(means, 'Ctrl v', 'KeyV', undefined);
test(means, 'Ctrl Shift _', 'Minus', undefined);
test(means, 'Ctrl Shift @', 'Digit2', undefined);
test(means, 'Ctrl Alt -', 'Minus', undefined);
test(means, 'Ctrl Cmd +', 'Equal', undefined);
test(means, 'Shift ?', 'Slash', undefined);
test(means, 'Enter', 'Enter', undefined);
test(means, '?', 'Slash', undefined);

test('Alt with a digit is the number of a tab, with any other modifier it is not', (t) => {
  t.is(tabNumberOf(press('Alt 1', 'Digit1')), 1);
  t.is(tabNumberOf(press('Alt ¡', 'Digit9')), 9);
  for (const keys of ['1', 'Ctrl Alt 1', 'Alt Shift 1', 'Cmd Alt 1'])
    t.is(tabNumberOf(press(keys, 'Digit1')), undefined, keys);
  t.is(tabNumberOf(press('Alt 0', 'Digit0')), undefined);
  t.is(tabNumberOf(press('Alt a', 'KeyA')), undefined);
});

test('no two of the page’s keys are the same', (t) => {
  t.is(new Set(shortcuts.map(({ keys }) => keys.join())).size, shortcuts.length);
});
