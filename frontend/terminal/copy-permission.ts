// Whether what a program in the terminal wants to copy (OSC 52) may go to the clipboard: as it is set, or as the person
// says when asked, once for each terminal. Pure.

import type { Settings } from '../settings/settings.ts';

export type Answer = 'allow' | 'deny';

export type CopyPermissionPorts = {
  setting: () => Settings['programsCopy'];
  /** What was answered for this terminal. */
  answered: () => Answer | undefined;
  keep: (answer: Answer) => void;
  /** Puts the question; `answer` is called with what comes of it, if anything does. */
  ask: (answer: (answer: Answer) => void) => void;
  copy: (text: string) => void;
};

/** Returns a function to call with each text that a program wants to copy. */
export function createCopyPermission(ports: CopyPermissionPorts): (text: string) => void {
  const { setting, answered, keep, ask, copy } = ports;
  // While the question stands, what was copied last is what will be on the clipboard.
  let latest: string | undefined;

  return (text) => {
    const set = setting();
    const answer = set === 'ask' ? answered() : set;
    if (answer === 'allow') copy(text);
    if (answer !== undefined) return;
    const asking = latest !== undefined;
    latest = text;
    if (asking) return;
    ask((given) => {
      keep(given);
      if (given === 'allow' && latest !== undefined) copy(latest);
      latest = undefined;
    });
  };
}
