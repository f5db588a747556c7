// Faults of a watch's events in the proxy. No event is lost unless the watch breaks before
// it: an API server may repeat and may disconnect, but does not skip.

import type { Faults } from './faults.ts';

const heldMs = 500;

export type TamperedEnd = 'ended' | 'broken';

/** Passes `lines` on to `write`, with the chosen faults. Returns how it ended: `broken` means without an end. */
export async function tamper(
  lines: AsyncIterable<string>,
  faults: Pick<Faults, 'ofEvent' | 'count'>,
  write: (text: string) => void,
  delay: (ms: number) => Promise<void>,
): Promise<TamperedEnd> {
  let held: string | undefined;
  const flush = (first = '') => {
    const text = first + (held === undefined ? '' : `${held}\n`);
    held = undefined;
    if (text) write(text);
  };
  for await (const line of lines) {
    // A bookmark means that all earlier events were sent.
    if (line.startsWith('{"type":"BOOKMARK"')) {
      flush();
      write(`${line}\n`);
      continue;
    }
    const fault = faults.ofEvent();
    if (fault?.kind === 'reordered event' && held === undefined) {
      held = line;
      // Or when no event arrives for a while.
      void delay(heldMs).then(() => held === line && flush());
      continue;
    }
    // Both in one write, so that no break comes between them.
    const told = `${line}\n`;
    if (held !== undefined) {
      faults.count('reordered event');
      flush(told);
      continue;
    }
    if (fault && fault.kind !== 'reordered event') faults.count(fault.kind);
    switch (fault?.kind) {
      case 'duplicated event':
        write(told + told);
        break;
      case 'half-written event':
        write(line.slice(0, line.length / 2));
        return 'broken';
      case 'expired watch':
        write(`${JSON.stringify({ type: 'ERROR', object: expired })}\n`);
        return 'ended';
      case 'stalled watch':
        await delay(fault.ms);
        write(told);
        break;
      default:
        write(told);
    }
  }
  flush();
  return 'ended';
}

const expired = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message: 'too old resource version: 1 (2)',
  reason: 'Expired',
  code: 410,
};
