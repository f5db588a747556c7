// The random id of this tab, for webservers that give each tab a terminal of its own. It survives a reload but not a
// duplication: browsers copy sessionStorage into the duplicate, so it lies there only while the tab is out of sight.

import { stored } from './storage.ts';

const lying = stored('warmterm-tab');

export const tabId: string = take() ?? random();

addEventListener('pagehide', put);
addEventListener('pageshow', lying.clear);
document.addEventListener('visibilitychange', () => (document.visibilityState === 'hidden' ? put() : lying.clear()));

function take(): string | undefined {
  const found = lying.get();
  if (document.visibilityState === 'visible') lying.clear();
  return found;
}

function put(): void {
  lying.set(tabId);
}

function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
