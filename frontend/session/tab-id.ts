// The random id of this tab, for webservers that give each tab a terminal of its own. It survives a reload but not a
// duplication: browsers copy sessionStorage into the duplicate, so it lies there only while the tab is out of sight.

const key = 'warmterm-tab';

export const tabId: string = take() ?? random();

addEventListener('pagehide', put);
addEventListener('pageshow', clear);
document.addEventListener('visibilitychange', () => (document.visibilityState === 'hidden' ? put() : clear()));

function take(): string | undefined {
  const found = attempt(() => sessionStorage.getItem(key)) ?? undefined;
  if (document.visibilityState === 'visible') clear();
  return found;
}

function put(): void {
  attempt(() => sessionStorage.setItem(key, tabId));
}

function clear(): void {
  attempt(() => sessionStorage.removeItem(key));
}

// Storage may be forbidden altogether; then a reload is a new tab.
function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

function random(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
