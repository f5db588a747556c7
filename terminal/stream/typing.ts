// Distinguishes input of a person from automatic input of the browser's terminal, such as answers to queries and focus events. Only the former
// keeps a session alive.

// Focus in and out; device attributes, status and cursor reports; mode reports; answers in OSC and DCS strings.
const report = /^(?:\x1b\[[IO]|\x1b\[[?>=]?[\d;]*[cnR]|\x1b\[\??[\d;]*\$y|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\))+$/;
const longestReport = 256;

const pointerMotion = /^(?:\x1b\[<35;\d+;\d+M)+$/;

/**
 * Whether `input` is a report of the browser, or pointer motion without a button. tmux 3.3 treats each as a key, which would end copy mode.
 */
export const isPassive = (input: string | Uint8Array): boolean =>
  !isTyping(input) || (typeof input === 'string' && pointerMotion.test(input));

/** Whether `input` came from a person's hand: keys, a paste, the mouse. */
export function isTyping(input: string | Uint8Array): boolean {
  if (typeof input !== 'string' || !input.startsWith('\x1b') || input.length > longestReport) return input.length > 0;
  return !report.test(input);
}
