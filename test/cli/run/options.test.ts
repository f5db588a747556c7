import test from 'ava';
import { readPlace } from '../../../cli/commands/cp.ts';
import { readSince } from '../../../cli/commands/runs.ts';
import { readEnvironment, readTimeout, wantsInput, wantsTty } from '../../../cli/run/options.ts';

const tty = { isTTY: true };
const pipe = {};

test('options: a tty only if stdin and stdout are terminals, or with -t', (t) => {
  t.true(wantsTty({}, { stdin: tty, stdout: tty }));
  t.false(wantsTty({}, { stdin: pipe, stdout: tty }));
  t.false(wantsTty({}, { stdin: tty, stdout: pipe }));
  t.false(wantsTty({ tty: false }, { stdin: tty, stdout: tty }));
  t.true(wantsTty({ tty: true }, { stdin: pipe, stdout: pipe }));
  t.false(wantsTty({ detach: true }, { stdin: tty, stdout: tty }));
});

test('options: stdin is sent unless it is a terminal without -i, or the run is detached', (t) => {
  t.true(wantsInput({}, { stdin: pipe, stdout: pipe }));
  t.false(wantsInput({}, { stdin: tty, stdout: pipe }));
  t.true(wantsInput({ interactive: true }, { stdin: tty, stdout: pipe }));
  t.false(wantsInput({ detach: true }, { stdin: pipe, stdout: pipe }));
});

test('options: -e takes a value, or copies the local one', (t) => {
  const own = { HERE: 'mine' };
  t.deepEqual(readEnvironment(['A=1', 'B=', 'C=x=y', 'HERE', 'GONE'], own), { A: '1', B: '', C: 'x=y', HERE: 'mine' });
  t.throws(() => readEnvironment(['1A=1'], own), { message: /-e 1A=1/ });
  t.throws(() => readEnvironment(['=1'], own), { message: /NAME=VALUE/ });
});

test('options: --timeout and --since are parsed or refused', (t) => {
  t.is(readTimeout('10m'), 600_000);
  t.is(readTimeout(undefined), undefined);
  for (const text of ['10', '0s', '8d', '-1s', '']) t.throws(() => readTimeout(text), { message: /--timeout/ }, text);
  t.deepEqual(readSince('12'), { stdout: 12, stderr: 0 });
  t.deepEqual(readSince('12,3'), { stdout: 12, stderr: 3 });
  for (const text of ['x', '1,', '-1', '1,2,3']) t.throws(() => readSince(text), { message: /--since/ }, text);
});

test('cp: RUN:path and :path are remote, other paths local', (t) => {
  t.deepEqual(readPlace(':a'), { at: 'remote', run: undefined, path: 'a' });
  t.deepEqual(readPlace(':'), { at: 'remote', run: undefined, path: '.' });
  t.deepEqual(readPlace('abcdefgh:/tmp/x:y'), { at: 'remote', run: 'abcdefgh', path: '/tmp/x:y' });
  t.deepEqual(readPlace('./a:b'), { at: 'local', path: './a:b' });
  t.deepEqual(readPlace('/a:b'), { at: 'local', path: '/a:b' });
  t.deepEqual(readPlace('plain'), { at: 'local', path: 'plain' });
  t.throws(() => readPlace('x:y'), { message: /not the id of a run/ });
});
