import test from 'ava';
import { languageFor, sayReplaced, speak, texts } from '../../frontend/texts.ts';

test('the language is the one that was set, or else the first of the browser’s that there is', (t) => {
  t.is(languageFor('auto', ['fr-FR', 'de-AT', 'en']), 'de');
  t.is(languageFor('auto', ['en-GB', 'de']), 'en');
  t.is(languageFor('auto', ['fr']), 'en');
  t.is(languageFor('auto', ['toString']), 'en');
  t.is(languageFor('auto', []), 'en');
  t.is(languageFor('de', ['en']), 'de');
});

test('each language says everything, in words of its own', (t) => {
  const english = flat(texts);
  speak('de');
  const german = flat(texts);
  speak('en');
  t.deepEqual([...german.keys()], [...english.keys()]);
  t.true([...german.values()].every((words) => words.trim() !== ''));
  const same = [...german].filter(([key, words]) => words === english.get(key)).map(([, words]) => words);
  // What is called the same in both, and names of things.
  t.deepEqual(new Set(same), new Set(['Terminal', 'Cursor', 'Block', 'English', 'Deutsch']));
});

/** Every text by its path; those that take something are given what does for a number and for what came of saving. */
function flat(value: unknown, path = ''): Map<string, string> {
  if (typeof value === 'string') return new Map([[path, value]]);
  if (typeof value === 'function') {
    const given = Object.assign(2, { result: 'failed', exitCode: 1 });
    return new Map([[path, String(value(given))]]);
  }
  return new Map(Object.entries(value as object).flatMap(([key, inner]) => [...flat(inner, `${path}.${key}`)]));
}

test('what became of the former terminal is told in words, also for a reason of tomorrow', (t) => {
  const former = { name: 'default-0', claimedAt: '2026-01-01T09:00:00Z' };
  const say = (reason: string, idleMs?: number) =>
    sayReplaced({ replaced: 'terminal', former: { ...former, reason: reason as 'idle', idleMs } });
  t.is(say('idle', 900_000), 'Your previous terminal was closed after 15 min without input. This is a new one.');
  const died = sayReplaced({ replaced: 'terminal' });
  for (const reason of ['exit', 'run', 'lifetime', 'processes']) t.not(say(reason), died);
  t.is(say('idle'), died);
  t.is(say('a reason of tomorrow'), died);
  t.is(sayReplaced({ replaced: false }), undefined);
  t.is(sayReplaced({ replaced: 'run' }), texts.replaced.run);
});
