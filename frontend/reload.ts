// Reloads the page when one of its scripts or styles fails to load, usually because the network just changed. A page without its script
// does nothing. The reloaded page is the same visitor and keeps the terminal.

const pauseMs = 2_000;
const sentences = {
  en: 'A part of this page did not load. Trying again.',
  de: 'Ein Teil dieser Seite wurde nicht geladen. Neuer Versuch.',
};

/** To be called before any other script or style can have failed. */
export function reloadIncomplete(): void {
  let failed = false;
  // Such events do not bubble.
  addEventListener(
    'error',
    ({ target }) => {
      if (failed || !isPart(target)) return;
      failed = true;
      setTimeout(() => location.reload(), pauseMs);
      if (document.body) explain();
      else document.addEventListener('DOMContentLoaded', explain);
    },
    true,
  );
}

const isPart = (target: EventTarget | null): boolean =>
  target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === 'stylesheet');

function explain(): void {
  const sentence = document.createElement('p');
  sentence.className = 'no-script';
  sentence.setAttribute('role', 'status');
  sentence.textContent = navigator.language.startsWith('de') ? sentences.de : sentences.en;
  document.body.append(sentence);
}
