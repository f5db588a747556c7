import test from 'ava';
import { untilLeft } from '../../../frontend/terminal/last-screen.ts';

const farewell = '\x1b[?1049l[exited]\r\n';
const feed = (pieces: string[]) => {
  const shown = untilLeft();
  return pieces.map((piece) => Buffer.from(shown(Buffer.from(piece))).toString()).join('');
};

test('nothing is shown after tmux has left the screen', (t) => {
  t.is(feed([`$ exit\r\n\x1b[m${farewell}`, 'more']), '$ exit\r\n\x1b[m');
  t.is(feed(['\x1b[?1049hall \x1b[?1049 of it', ' \x1b[?1l']), '\x1b[?1049hall \x1b[?1049 of it \x1b[?1l');
});

test('the same however the output is cut', (t) => {
  const whole = `a\x1b\x1b[?1\x1b[?104\x1b[mb${farewell}`;
  for (let first = 0; first <= whole.length; first++) {
    for (let second = first; second <= whole.length; second++) {
      t.is(
        feed([whole.slice(0, first), whole.slice(first, second), whole.slice(second)]),
        whole.slice(0, -farewell.length),
      );
    }
  }
});

test('what only begins like it comes with the next piece', (t) => {
  const shown = untilLeft();
  t.is(Buffer.from(shown(Buffer.from('a\x1b[?10'))).toString(), 'a');
  t.is(Buffer.from(shown(Buffer.from('00h'))).toString(), '\x1b[?1000h');
});
