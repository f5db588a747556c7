// Keeps a command's output in the local terminal after its end. tmux draws on the alternate screen, whose content disappears at the end. So
// remove the switch, and let the former content scroll up instead. Pure.

// smcup and rmcup of xterm: the alternate screen, and the window's title put aside.
const switches = /\x1b\[\?1049[hl]|\x1b\[2[23];0;0t/g;
// The beginning of such a sequence, at the end of a piece of output.
const beginning = /\x1b(\[(\?(1(0(4(9)?)?)?)?|2([23](;(0(;(0)?)?)?)?)?)?)?$/;

export type MainScreen = {
  /** `output` without the switches. A possible beginning of one is held back until the next call. */
  filter(output: Uint8Array): Uint8Array;
};

export function stayOnMainScreen(rows: number): MainScreen {
  let held = '';
  let before = '\n'.repeat(rows);
  return {
    filter(output) {
      const text = (held + Buffer.from(output.buffer, output.byteOffset, output.length).toString('latin1')).replace(
        switches,
        '',
      );
      held = beginning.exec(text)?.[0] ?? '';
      const bytes = Buffer.from(before + text.slice(0, text.length - held.length), 'latin1');
      before = '';
      return bytes;
    },
  };
}
