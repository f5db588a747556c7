import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';

const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

test('paste: ten megabytes arrive complete and in order', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  const text = randomBytes(7_500_000).toString('base64');
  browser.types(`stty raw -echo; echo BE""GIN; head -c ${text.length} > pasted; stty sane; echo EN""D\r`);
  await browser.sees('BEGIN');
  const startedAt = Date.now();
  await browser.pastes(text);
  await browser.sees('END', 60_000);
  t.log(`${Math.round(text.length / 1_000 / (Date.now() - startedAt))} MB/s`);
  t.is(hash(readFileSync(`${terminal.folder}/pasted`)), hash(text));
});

test('paste: waits for a stalled reader, then arrives complete', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  const text = randomBytes(300_000).toString('base64');
  const read = `head -c ${text.length} > pasted`;
  browser.types(`stty raw -echo; echo BE""GIN; until [ -e go ]; do sleep 0.02; done; ${read}; stty sane; echo EN""D\r`);
  await browser.sees('BEGIN');
  const pasted = browser.pastes(text);
  const second = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await second.sees('BEGIN');
  t.false(existsSync(`${terminal.folder}/pasted`));
  writeFileSync(`${terminal.folder}/go`, '');
  await pasted;
  await browser.sees('END');
  await eventually(() => statSync(`${terminal.folder}/pasted`).size === text.length || undefined);
  t.is(hash(readFileSync(`${terminal.folder}/pasted`)), hash(text));
});
