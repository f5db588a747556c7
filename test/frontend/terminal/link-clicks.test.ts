import test from 'ava';
import { type Click, createLinkClicks } from '../../../frontend/terminal/link-clicks.ts';

const at = (change: Partial<Click> = {}): Click => ({
  ...{
    detail: 1,
    button: 0,
    clientX: 100,
    clientY: 50,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
  },
  ...change,
});
const link = 'https://example.org/';

function start() {
  const opened: string[] = [];
  let due: (() => void) | undefined;
  const clicks = createLinkClicks({
    open: (uri) => opened.push(uri),
    later: (run) => {
      due = run;
      return () => {
        due = undefined;
      };
    },
  });
  return { ...clicks, opened, passTime: () => due?.() };
}

test('links: a plain click opens the link, once a double click is ruled out', (t) => {
  const { pressed, activated, passTime, opened } = start();
  pressed(at());
  activated(at({ clientX: 102 }), link);
  t.deepEqual(opened, []);
  passTime();
  t.deepEqual(opened, [link]);
});

for (const key of ['ctrlKey', 'metaKey'] as const) {
  test(`links: a click with ${key} opens the link at once`, (t) => {
    const { pressed, activated, opened } = start();
    pressed(at({ [key]: true }));
    activated(at({ [key]: true }), link);
    t.deepEqual(opened, [link]);
  });
}

test('links: a double click opens none', (t) => {
  const { pressed, activated, passTime, opened } = start();
  pressed(at());
  activated(at(), link);
  pressed(at({ detail: 2 }));
  activated(at({ detail: 2 }), link);
  passTime();
  t.deepEqual(opened, []);
});

const opensNone = test.macro<[Partial<Click>, Partial<Click>, string?]>({
  title: (what) => `links: ${what} opens none`,
  exec: (t, press, release, uri = link) => {
    const { pressed, activated, passTime, opened } = start();
    pressed(at(press));
    activated(at(release), uri);
    passTime();
    t.deepEqual(opened, []);
  },
});
test('a drag', opensNone, {}, { clientX: 140 });
test('a drag down', opensNone, {}, { clientY: 70 });
test('a drag with Shift', opensNone, { shiftKey: true }, { shiftKey: true });
test('a click with Alt', opensNone, { altKey: true }, { altKey: true });
test('the right button', opensNone, { button: 2 }, { button: 2 });
test('the middle button', opensNone, { button: 1 }, { button: 1 });
test('an address that is not of the web', opensNone, {}, {}, 'file:///etc/passwd');
