// The workshop host's page: who has a terminal, who never came, who is stuck. Looks every two seconds while visible.

import type { PoolStatus } from '../../common/manager-api.ts';
import { urlOf } from '../base.ts';
import { forgetHostToken, keepHostToken, takeHostToken } from './host-token.ts';
import { showPools } from './pools-view.ts';
import { askForToken } from './token-form.ts';

const path: typeof import('../../common/terminals-api.ts').paths.hostPools = '/api/host/pools';
const everyMs = 2_000;
const deadlineMs = 10_000;

const pools = document.getElementById('pools') ?? document.body;
const freshness = document.getElementById('freshness') ?? document.body;
// Its tables scroll on a narrow screen, by keys too.
pools.tabIndex = 0;
let token = takeHostToken();
let timer: ReturnType<typeof setTimeout> | undefined;

async function refresh(): Promise<void> {
  clearTimeout(timer);
  if (token === undefined) return ask(false);
  if (document.visibilityState === 'hidden') return;
  try {
    const response = await fetch(urlOf(path), {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(deadlineMs),
    });
    if (response.status === 401) return refused();
    if (!response.ok) throw new Error(`the answer was ${response.status}`);
    showPools(pools, ((await response.json()) as { pools: PoolStatus[] }).pools, Date.now());
    say('');
  } catch {
    say('No answer. What you see is old; trying again.');
  }
  timer = setTimeout(refresh, everyMs);
}

function refused(): void {
  forgetHostToken();
  token = undefined;
  ask(true);
}

function ask(refusedBefore: boolean): void {
  say('');
  askForToken(
    pools,
    (typed) => {
      token = typed;
      keepHostToken(typed);
      void refresh();
    },
    refusedBefore,
  );
}

function say(text: string): void {
  document.documentElement.dataset.fresh = String(text === '');
  if (freshness.textContent !== text) freshness.textContent = text;
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void refresh();
});
addEventListener('hashchange', () => {
  token = takeHostToken();
  void refresh();
});
void refresh();
