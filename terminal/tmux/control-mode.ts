// Parses the protocol of a tmux control client (tmux(1), CONTROL MODE). Pure.

export type ControlMessage =
  /** The answer to one of our commands; `failed` if tmux refused it. */
  | { kind: 'answer'; failed: boolean; text: string }
  /** A pane has printed something. The text is not kept. */
  | { kind: 'output' }
  /** This client is attached to a session. */
  | { kind: 'attached' }
  /** A pane has begun to show its history, or has returned to its program. */
  | { kind: 'pane-mode' }
  /** A window or a pane has come, gone, or changed: its name, its flags, or which of them is active. */
  | { kind: 'windows' };

// A window that has been closed is linked to no session any more. The last is a value that was subscribed to.
const windows =
  /^%(?:(?:unlinked-)?window-(?:add|close|renamed)|session-window-changed|window-pane-changed|layout-change|subscription-changed) /;

/** Collects the lines of one control client. */
export class ControlParser {
  #rest = '';
  #block: { ours: boolean; lines: string[] } | undefined;

  /** Returns the messages that `piece` completes. */
  push(piece: string): ControlMessage[] {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => this.#read(line)).filter((message) => message !== undefined);
  }

  #read(line: string): ControlMessage | undefined {
    const end = /^%(end|error) /.exec(line);
    if (this.#block && end) {
      const { ours, lines } = this.#block;
      this.#block = undefined;
      return ours ? { kind: 'answer', failed: end[1] === 'error', text: lines.join('\n') } : undefined;
    }
    if (this.#block) {
      this.#block.lines.push(line);
      return undefined;
    }
    // The last number is 1 when the command came from this client's standard input.
    const begin = /^%begin \d+ \d+ (\d+)$/.exec(line);
    if (begin) this.#block = { ours: begin[1] === '1', lines: [] };
    else if (line.startsWith('%output ')) return { kind: 'output' };
    else if (line.startsWith('%session-changed ')) return { kind: 'attached' };
    else if (line.startsWith('%pane-mode-changed ')) return { kind: 'pane-mode' };
    else if (windows.test(line)) return { kind: 'windows' };
    return undefined;
  }
}
