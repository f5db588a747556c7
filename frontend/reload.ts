// Loads the page again when one of its scripts or styles does not load. A page without its script does nothing. The page is then the
// same visitor and keeps the terminal.
//
// While a webserver is upgraded, replicas of both builds answer, and each has the files of its own build only. So the parts are asked
// for until they are all there: files with hashed names stay in the browser's cache, and the page that is loaded then finds them there.
//
// This file is a script of its own. Its name is the same in all builds, so that every replica has it.

const pauseMs = { missing: 100, unreachable: 2_000 };
// A page of a build that has gone will never have its parts. The next load brings another page.
const maxRounds = 12;
const sentences = {
  en: 'A part of this page did not load. Trying again.',
  de: 'Ein Teil dieser Seite wurde nicht geladen. Neuer Versuch.',
};

let failed = false;
// Such events do not bubble.
addEventListener(
  'error',
  ({ target }) => {
    if (failed || !isPart(target)) return;
    failed = true;
    if (document.readyState !== 'loading') void loadAgain();
    else document.addEventListener('DOMContentLoaded', () => void loadAgain(), { once: true });
  },
  true,
);

const isPart = (target: EventTarget | null): boolean =>
  target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === 'stylesheet');

async function loadAgain(): Promise<void> {
  explain();
  const parts = document.querySelectorAll<HTMLScriptElement | HTMLLinkElement>(
    'script[src], link[rel="stylesheet"], link[rel="modulepreload"]',
  );
  let missing = [...parts].map((part) => part.getAttribute(part instanceof HTMLScriptElement ? 'src' : 'href') ?? '');
  let pause = pauseMs.missing;
  for (let round = 0; round < maxRounds && missing.length > 0; ) {
    const ms = pause * (1 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, ms));
    const found = await Promise.all(missing.map(has));
    missing = missing.filter((_, index) => found[index] !== true);
    // Without a network, the browser would show its own error in place of this page.
    const isReachable = !found.includes(undefined);
    pause = isReachable ? pauseMs.missing : pauseMs.unreachable;
    if (isReachable) round++;
  }
  location.reload();
}

/** Undefined where nothing answers. */
async function has(part: string): Promise<boolean | undefined> {
  try {
    return (await fetch(new URL(part, location.origin + location.pathname))).ok;
  } catch {
    return undefined;
  }
}

function explain(): void {
  const sentence = document.createElement('p');
  sentence.className = 'no-script';
  sentence.setAttribute('role', 'status');
  sentence.textContent = navigator.language.startsWith('de') ? sentences.de : sentences.en;
  document.body.append(sentence);
}
