import test from 'ava';
import { languageFor, speak, texts } from '../../frontend/texts.ts';

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
