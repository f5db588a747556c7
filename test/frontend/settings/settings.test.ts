import test from 'ava';
import { schemeFor } from '../../../frontend/settings/scheme.ts';
import { defaults, readSettings, type Settings, valid, writeSettings } from '../../../frontend/settings/settings.ts';

const reads = test.macro({
  exec(t, text: string | undefined, expected: Partial<Settings>) {
    t.deepEqual(readSettings(text), { ...defaults, ...expected });
  },
  title: (_, text) => `inv 10: ${text} as settings`,
});

test(reads, undefined, {});
test(reads, '', {});
test(reads, 'nonsense', {});
test(reads, 'null', {});
test(reads, '[1]', {});
test(reads, '{"theme":"light","fontSize":20,"bar":false}', { theme: 'light', fontSize: 20, bar: false });
test(reads, '{"theme":"pink","fontSize":20}', { fontSize: 20 });
test(reads, '{"fontSize":0}', {});
test(reads, '{"fontSize":14.5}', {});
test(reads, '{"fontSize":"20"}', {});
test(reads, '{"fontFamily":"Fira Code"}', { fontFamily: 'Fira Code' });
test(reads, '{"fontFamily":"x\\", url(y"}', {});
test(reads, '{"cursorBlink":"false"}', {});
test(reads, '{"a setting of tomorrow":1,"cursorStyle":"bar"}', { cursorStyle: 'bar' });
test(reads, '{"__proto__":{"theme":"light"}}', {});

test('settings: stores only differences from the defaults, and reads them back', (t) => {
  t.is(writeSettings(defaults), '{}');
  const settings: Settings = { ...defaults, theme: 'contrast', fontSize: 9, language: 'de' };
  t.is(writeSettings(settings), '{"theme":"contrast","fontSize":9,"language":"de"}');
  t.deepEqual(readSettings(writeSettings(settings)), settings);
});

test('inv 10: settings: an invalid change changes nothing', (t) => {
  t.deepEqual(valid({ fontSize: 41, fontFamily: '"', theme: 'light' }), { theme: 'light' });
});

test('settings: the system decides only if set to do so', (t) => {
  t.is(schemeFor('system', { light: false, contrast: false }), 'dark');
  t.is(schemeFor('system', { light: true, contrast: false }), 'light');
  t.is(schemeFor('system', { light: true, contrast: true }), 'contrast');
  t.is(schemeFor('dark', { light: true, contrast: true }), 'dark');
});
