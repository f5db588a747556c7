// Builds elements without markup in strings, which our policy (trusted types) does not allow.

import { type Icon, icon } from './icons.ts';

type Content = Node | string;

/** An element with attributes and content: `element('p', { class: 'detail' }, 'text')`. */
export function element<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  attributes: Record<string, string> = {},
  ...content: Content[]
): HTMLElementTagNameMap[T] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...content);
  return made;
}

/** A real button. */
export function button(
  content: Content,
  onClick: () => void,
  attributes: Record<string, string> = {},
): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, content);
  made.addEventListener('click', onClick);
  return made;
}

/** A button that is only a picture; `label` says what it does. */
export const iconButton = (name: Icon, label: string, onClick: () => void): HTMLButtonElement =>
  button(icon(name), onClick, { class: 'icon-button', 'aria-label': label, title: label });
