// The bell, as it is set: a flash, a sound, and a notification when nobody is looking.

import { product } from '../brand.ts';
import type { SettingsStore } from '../settings/store.ts';
import { texts } from '../texts.ts';

/** No more than two in a second: faster flashes are a danger to some (WCAG 2.3.1), and a nuisance to all. */
const pauseMs = 500;
const flashMs = 150;

/** Returns a function that rings. `about` says which terminal it is. */
export function createBell(root: HTMLElement, settings: SettingsStore, about: () => string): () => void {
  let last = Number.NEGATIVE_INFINITY;
  let audio: AudioContext | undefined;

  function flash(): void {
    root.dataset.bell = 'rings';
    setTimeout(() => delete root.dataset.bell, flashMs);
  }

  // Two falling notes' worth of one: short, soft, and made here rather than loaded.
  function sound(): void {
    audio ??= new AudioContext();
    const [tone, volume, now] = [audio.createOscillator(), audio.createGain(), audio.currentTime];
    tone.frequency.value = 660;
    volume.gain.setValueAtTime(0.15, now);
    volume.gain.exponentialRampToValueAtTime(0.001, now + 0.25);
    tone.connect(volume).connect(audio.destination);
    tone.start(now);
    tone.stop(now + 0.25);
  }

  function notify(): void {
    try {
      const notification = new Notification(about(), { body: texts.rang, tag: product });
      notification.onclick = () => {
        window.focus();
        notification.close();
      };
    } catch {
      // Android allows it to service workers only. The title and the icon of the tab tell it too.
    }
  }

  return () => {
    const now = performance.now();
    if (now - last < pauseMs) return;
    last = now;
    const { bellFlash, bellSound, bellNotify } = settings.now();
    if (bellFlash) flash();
    if (bellSound) sound();
    if (bellNotify && document.visibilityState === 'hidden') notify();
  };
}
