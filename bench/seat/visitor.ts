// A visitor of a full pool, in a real browser: waits in the queue, gets a terminal, and ends it.

import type { Browser } from 'playwright-core';
import { paths, visitorHeader } from '../../common/terminals-api.ts';
import { visitorKey } from '../../test/helpers/frontend-browser.ts';
import { deleteCurrent } from '../../test/helpers/system.ts';

/** Milliseconds since 1970: when the page left the queue, when it was attached, and when a prompt was painted. */
export type Arrival = { claimed: number; attached: number; prompt: number };

export type Visitor = {
  /** Resolves once the page waits in the queue. */
  queued: () => Promise<void>;
  /** Resolves once the prompt is painted. */
  arrived: () => Promise<Arrival>;
  podName: () => Promise<string>;
  /** How many sockets the page has opened so far. */
  sockets: () => number;
  /** Ends the terminal, as the visitor does in another tab. */
  end: () => Promise<void>;
  close: () => Promise<void>;
};

// The page's own clock counts from its timeOrigin, which is a time of this machine.
const record = `(() => {
  const seen = (globalThis.seat = {});
  const mark = (name) => { seen[name] ??= performance.timeOrigin + performance.now(); };
  const onState = () => {
    const state = document.documentElement?.dataset.state;
    if (state === 'queued') seen.queued = true;
    else if (state === 'connecting' && seen.queued) mark('claimed');
    else if (state === 'connected') { mark('claimed'); mark('attached'); }
  };
  new MutationObserver(onState).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-state'] });
  const look = () => {
    const screen = [...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent).join('\\n').trimEnd();
    if (seen.attached !== undefined && /[$#] *$/m.test(screen)) mark('prompt');
    else requestAnimationFrame(look);
  };
  look();
})()`;

/** Opens the page with an empty profile. */
export async function openVisitor(browser: Browser, pageUrl: string): Promise<Visitor> {
  // The page's policy forbids the eval that waitForFunction needs.
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  let sockets = 0;
  page.on('websocket', () => sockets++);
  await page.addInitScript(record);
  await page.goto(`${pageUrl}?renderer=dom`);
  const patience = { timeout: 120_000 };
  const current = `fetch('${paths.current}', { headers: { '${visitorHeader}': localStorage.getItem('${visitorKey}') } })`;
  return {
    queued: async () => void (await page.waitForFunction('seat.queued', undefined, patience)),
    arrived: async () => {
      const seen = await page.waitForFunction('seat.prompt && seat', undefined, patience);
      return (await seen.jsonValue()) as Arrival;
    },
    podName: () => page.evaluate<string>(`${current}.then((answer) => answer.json()).then(({ name }) => name)`),
    sockets: () => sockets,
    end: async () => {
      const status = await deleteCurrent(page);
      if (status !== 204) throw new Error(`An end is answered with ${status}.`);
    },
    close: () => context.close(),
  };
}
