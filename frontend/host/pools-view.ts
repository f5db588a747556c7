// Pools and their terminals as tables, brought up to date in place so that a selection or a scroll position stays.

import type { PoolStatus } from '../../common/manager-api.ts';
import { element } from '../view/element.ts';
import { describePod, sortPods, summary } from './describe.ts';

const columns = ['Terminal', 'State', 'In use for', 'Connected', 'Last key'] as const;

export function showPools(root: HTMLElement, pools: readonly PoolStatus[], now: number): void {
  const before = new Map([...root.children].map((child) => [(child as HTMLElement).dataset.pool, child]));
  const sections = pools.map((pool) => fillPool(before.get(pool.name) ?? poolSection(pool.name), pool, now));
  if (pools.length === 0) root.replaceChildren(element('p', { class: 'empty' }, 'There is no pool yet.'));
  else if (sections.length !== root.children.length || sections.some((one, at) => root.children[at] !== one)) {
    root.replaceChildren(...sections);
  }
}

function poolSection(name: string): Element {
  const id = `pool-${name}`;
  const heads = columns.map((column) => element('th', { scope: 'col' }, column));
  return element(
    'section',
    { 'data-pool': name, 'aria-labelledby': id },
    element('h2', { id }, name),
    element('p', { class: 'summary' }),
    element('ul', { class: 'problems' }),
    element('table', {}, element('thead', {}, element('tr', {}, ...heads)), element('tbody')),
  );
}

function fillPool(section: Element, pool: PoolStatus, now: number): Element {
  setText(section.querySelector('.summary'), summary(pool));
  const problems = pool.problems.map((problem) => element('li', {}, problem));
  section.querySelector('.problems')?.replaceChildren(...problems);
  const body = section.querySelector('tbody');
  const rows = sortPods(pool.pods, now).map((pod) => describePod(pod, now));
  while (body && body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((row, at) => {
    const line = body?.rows[at] ?? body?.insertRow();
    if (!line) return;
    line.dataset.state = row.state;
    line.dataset.attention = row.attention ?? '';
    [row.name, row.state, row.trouble || row.since, row.people, row.lastInput].forEach((text, column) => {
      setText(line.cells[column] ?? line.insertCell(), text);
    });
    // A reason takes the place of three cells that have nothing to tell.
    [...line.cells].forEach((cell, column) => {
      cell.colSpan = row.trouble !== '' && column === 2 ? 3 : 1;
      cell.hidden = row.trouble !== '' && column > 2;
    });
  });
  return section;
}

function setText(target: Element | null, text: string): void {
  if (target && target.textContent !== text) target.textContent = text;
}
