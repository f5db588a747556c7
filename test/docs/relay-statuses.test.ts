// The table of what answers of the relay mean, in docs/networking.md.

import { readFileSync } from 'node:fs';
import test from 'ava';
import { isErrorCode, ServiceError } from '../../common/errors.ts';

const text = readFileSync(new URL('../../docs/networking.md', import.meta.url), 'utf8');
const [section = ''] = /^## What answers of the relay mean$[\s\S]*?(?=^## )/m.exec(text) ?? [];
// Statuses and codes, one or two of each: `503, 504` and `unavailable`, `timeout`.
const rows = [...section.matchAll(/^\| ([\d, ]+) \| ((?:`[a-z-]+`(?:, )?)+) \|/gm)].map(
  ([, statuses = '', codes = '']) => ({
    statuses: statuses.split(', ').map(Number),
    codes: codes.split(', ').map((code) => code.replaceAll('`', '')),
  }),
);

test('errors: each code in the table exists with its status', (t) => {
  t.true(rows.length >= 8, `${rows.length} rows`);
  for (const { statuses, codes } of rows) {
    t.deepEqual(
      codes.map((code) => (isErrorCode(code) ? new ServiceError(code, '').status : undefined)),
      statuses,
    );
  }
});

test('errors: the table has each status that operators ask about', (t) => {
  const listed = rows.flatMap(({ statuses }) => statuses);
  for (const status of [400, 403, 404, 421, 426]) t.true(listed.includes(status), `${status}`);
});
