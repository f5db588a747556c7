// A question at the edge while the terminal goes on. It stays until it is answered or another takes its place.

import { button, element } from './element.ts';

export type Ask = (text: string, answers: readonly { label: string; does: () => void }[]) => void;

/** Adds the place for questions to `root`; `onAnswered` is called after each. */
export function createQuestions(root: HTMLElement, onAnswered: () => void): Ask {
  const words = element('p');
  const actions = element('div', { class: 'actions' });
  const box = element('div', { class: 'question', role: 'alert', hidden: '' }, words, actions);
  root.append(box);
  return (text, answers) => {
    words.textContent = text;
    actions.replaceChildren(
      ...answers.map(({ label, does }) =>
        button(label, () => {
          box.hidden = true;
          does();
          onAnswered();
        }),
      ),
    );
    box.hidden = false;
  };
}
