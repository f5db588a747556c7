// Parses the protocol of a tmux control client (tmux(1), CONTROL MODE). Pure.

export type ControlMessage =
  /** The answer to one of our commands; `failed` if tmux refused it. */
  | { kind: 'answer'; failed: boolean; text: string }
  /** A pane has printed something. The text is not kept. */
  | { kind: 'output' }
  /** This client is attached to a session. */
  | { kind: 'attached' }
  /** A pane has entered or left its history. */
  | { kind: 'pane-mode' }
  /** A window has another size or other panes, or another window is the session's current one. */
  | { kind: 'layout' };

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
    else if (/^%(?:layout-change|session-window-changed) /.test(line)) return { kind: 'layout' };
    return undefined;
  }
}
