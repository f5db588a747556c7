import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { explain, findHeaders } from '../../../local/setup/dependencies.mjs';

test('dependencies: uses the headers next to Node.js if they have its version', (t) => {
  const prefix = dirname(dirname(process.execPath));
  const expected = existsSync(join(prefix, 'include/node/node_version.h')) ? prefix : undefined;
  t.is(findHeaders(), expected);
  t.is(findHeaders(process.execPath, '1.2.3'), undefined);
  t.is(findHeaders('/nowhere/bin/node'), undefined);
});

const explained = test.macro<[string, RegExp]>({
  title: (what) => `a failure is explained: ${what}`,
  exec(t, output, expected) {
    const sentence = explain(output, undefined);
    t.regex(sentence, expected);
    t.is(sentence.split('\n').length, 1, sentence);
  },
});
test(
  'Python',
  explained,
  'npm error gyp ERR! find Python\nnpm error gyp ERR! find Python Python is not set',
  /Python 3 is missing/,
);
test('make', explained, 'npm error gyp ERR! stack Error: not found: make', /make is missing/);
test(
  'the compiler',
  explained,
  'npm error gyp info\nmake: g++: No such file or directory',
  /a C\+\+ compiler is missing/,
);
test(
  'headers',
  explained,
  'gyp ERR! stack is related to network connectivity.\ngyp ERR! stack at go (/x/node-gyp/lib/install.js:244:21)',
  /the headers of Node\.js \d+\.\d+\.\d+ are not beside it and could not be downloaded; install/,
);

test('dependencies: an unknown cause ends with the output of npm', (t) => {
  t.regex(explain('npm error code E404', undefined), /^npm could not install the dependencies:\nnpm error code E404$/);
  t.regex(explain('gyp info ok\nsrc/pty.cc:1: error: expected ;', '/usr'), /could not be compiled:\n.*\nsrc\/pty\.cc/);
});
