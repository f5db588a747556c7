// What of a paste reaches the terminal. A control character acts like a key: with `ESC [ 201 ~` a pasted text ends the shell's paste
// mode, and its next line runs. So all are dropped but tabs and line ends. Pure.

export type PasteText = {
  text: string;
  /** How many control characters were dropped. */
  dropped: number;
};

// C0 without tab, line feed and carriage return; DEL; C1.
const controls = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

export function cleanPaste(pasted: string): PasteText {
  const text = pasted.replace(controls, '');
  return { text, dropped: pasted.length - text.length };
}
