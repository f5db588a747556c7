import test from 'ava';
import { createLog } from '../../common/log.ts';
import { escapeUnprintable, printable } from '../../common/printable.ts';

/** Characters that a terminal, a browser or a line reader would act on. */
const commands = [
  '\n{"level":60,"msg":"forged"}',
  '\r\u001b[2K',
  '\u001b]0;title\u0007',
  '\u009b2J',
  '\u007f\u0008',
  '\u2028\u2029\u0085',
  '\u202egnp.exe',
  '\u2066\u200b\ufeff',
  '\u{e0041}',
  '\ud83d',
];
const obeyed = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

test('printable: returns one line without control or format characters', (t) => {
  for (const command of commands) {
    const text = printable(`a${command}z`, 100);
    t.notRegex(text, obeyed, JSON.stringify(command));
    t.regex(text, /^a.*z$/);
  }
  t.is(printable('  Back-off\n\tpulling “x”: näher 日本 👍\n', 100), 'Back-off pulling “x”: näher 日本 👍');
  t.is(printable('\u001b[31mred', 100), '\\u001b[31mred');
  t.is(printable(printable('\u001b', 9), 9), '\\u001b');
});

test('printable: keeps to the maximum length', (t) => {
  for (const text of ['\u001b'.repeat(1_000), '👍'.repeat(1_000), 'x'.repeat(1_000)]) {
    const cut = printable(text, 301);
    t.is(cut.length, 301);
    t.notRegex(cut, obeyed);
  }
});

test('log: each entry is one line of printable JSON', (t) => {
  const lines: string[] = [];
  const log = createLog('test', 'info', { write: (line) => void lines.push(line) });
  const said = commands.join(' ');
  log.info({ said }, said);
  log.child({ [said]: 1 }).warn({ err: new Error(said) }, 'child');
  for (const line of lines) {
    t.true(line.endsWith('}\n'));
    t.notRegex(line.slice(0, -1), obeyed);
  }
  t.like(JSON.parse(lines[0]!), { said, msg: said });
  t.is(JSON.parse(lines[1]!)[said], 1);
  t.is(escapeUnprintable(lines[0]!.trim()), lines[0]!.trim());
});
