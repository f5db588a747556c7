// Pools with their windows and terminals as tables, brought up to date in place so that a selection or a scroll position stays.

import type { PoolStatus } from '../../common/manager-api.ts';
import { element } from '../view/element.ts';
import { describePod, sortPods, summary } from './describe.ts';
import { describeWindow } from './describe-window.ts';

const windowColumns = ['Window', 'State', 'When', 'Seats'] as const;
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
  return element(
    'section',
    { 'data-pool': name, 'aria-labelledby': id },
    element('h2', { id }, name),
    element('p', { class: 'summary' }),
    element('ul', { class: 'problems' }),
    table('windows', windowColumns),
    table('terminals', columns),
  );
}

function table(name: string, columns: readonly string[]): Element {
  const heads = columns.map((column) => element('th', { scope: 'col' }, column));
  return element('table', { class: name }, element('thead', {}, element('tr', {}, ...heads)), element('tbody'));
}

function fillPool(section: Element, pool: PoolStatus, now: number): Element {
  setText(section.querySelector('.summary'), summary(pool));
  const problems = pool.problems.map((problem) => element('li', {}, problem));
  section.querySelector('.problems')?.replaceChildren(...problems);
  fillWindows(section.querySelector<HTMLTableElement>('.windows'), pool, now);
  const body = bodyOf(section.querySelector<HTMLTableElement>('.terminals'));
  const rows = sortPods(pool.pods, now).map((pod) => describePod(pod, now));
  fillRows(body, rows, (line, row) => {
    line.dataset.state = row.state;
    line.dataset.attention = row.attention ?? '';
    fillCells(line, [row.name, row.state, row.trouble || row.since, row.people, row.lastInput]);
    // A reason takes the place of three cells that have nothing to tell.
    [...line.cells].forEach((cell, column) => {
      cell.colSpan = row.trouble !== '' && column === 2 ? 3 : 1;
      cell.hidden = row.trouble !== '' && column > 2;
    });
  });
  return section;
}

function fillWindows(windows: HTMLTableElement | null, pool: PoolStatus, now: number): void {
  if (windows) windows.hidden = pool.windows.length === 0;
  const rows = pool.windows.map((window) => describeWindow(window, now));
  fillRows(bodyOf(windows), rows, (line, { name, state, when, seats, attention }) => {
    line.dataset.state = state;
    line.dataset.attention = attention ? 'seats' : '';
    fillCells(line, [name, state, when, seats]);
  });
}

const bodyOf = (table: HTMLTableElement | null) => table?.tBodies[0];

function fillRows<Row>(
  body: HTMLTableSectionElement | undefined,
  rows: readonly Row[],
  fill: (line: HTMLTableRowElement, row: Row) => void,
): void {
  while (body && body.rows.length > rows.length) body.deleteRow(-1);
  for (const [at, row] of body ? rows.entries() : []) fill(body!.rows[at] ?? body!.insertRow(), row);
}

function fillCells(line: HTMLTableRowElement, texts: readonly string[]): void {
  for (const [column, text] of texts.entries()) setText(line.cells[column] ?? line.insertCell(), text);
}

function setText(target: Element | null, text: string): void {
  if (target && target.textContent !== text) target.textContent = text;
}
