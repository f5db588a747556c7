import test from 'ava';
import { type ErrorCode, errorCodes, limitsOf } from '../../../common/errors.ts';
import { type EndReason, endReasons, type Saved } from '../../../common/socket.ts';
import type { Queue, State } from '../../../frontend/session/state.ts';
import { duration, explain, texts } from '../../../frontend/texts.ts';
import { countdownText, messageFor } from '../../../frontend/view/message.ts';

const memory = { known: undefined, failures: 1, refusals: 0, missed: 0 };
const opened = {
  name: '',
  url: '',
  relay: 'fallback',
  claimedAt: '',
  expiresAt: '',
  idleTimeoutMs: 0,
  status: 'new',
  ticket: '',
} as const;
const pause = { at: 'pause', until: 5_000 } as const;

test('every end has words of its own and a button for a new terminal', (t) => {
  const titles = endReasons.map((reason) => {
    const message = messageFor({ is: 'ended', ...memory, reason });
    t.deepEqual(message?.button, { label: 'Start a new terminal', sends: 'renew' });
    return message?.title;
  });
  t.is(new Set(titles).size, endReasons.length);
});

test('what a hook has saved, or has not, is told with the end, together with what it printed', (t) => {
  const output = 'To example.org:work.git\n';
  const tell = (saved: Saved) => messageFor({ is: 'ended', ...memory, reason: 'idle', saved });
  const outcome = (saved: Omit<Saved, 'output'>) => tell({ ...saved, output })?.outcome;
  t.deepEqual(outcome({ result: 'saved', exitCode: 0 }), { text: 'Your work was saved.', lost: false });
  t.like(outcome({ result: 'failed', exitCode: 3 }), {
    text: 'Saving your work has failed (exit code 3).',
    lost: true,
  });
  t.like(outcome({ result: 'failed' }), { text: 'Saving your work has failed.', lost: true });
  t.like(outcome({ result: 'timed-out' }), { lost: true });
  t.regex(tell({ result: 'failed', output })?.detail ?? '', /for others, and its files are deleted\.$/);
  t.is(tell({ result: 'saved', output })?.output?.text, output.trim());
  t.is(tell({ result: 'saved', output: ' \n' })?.output, undefined);
});

test('while a hook saves, the dialog says why, shows what it prints, and offers nothing to press', (t) => {
  const saving = { reason: 'lifetime', output: 'pushing' } as const;
  const doing = { at: 'attach', opened, route: 'relay', patienceMs: 4_000 } as const;
  const message = messageFor({ is: 'saving', ...memory, doing, saving });
  t.like(message, { kind: 'dialog', title: 'Your work is being saved', detail: 'Time is up.', button: undefined });
  t.is(message?.output?.text, 'pushing');
});

test('message: an unknown reason of an end is shown', (t) => {
  const message = messageFor({ is: 'ended', ...memory, reason: 'a reason of tomorrow' as EndReason });
  t.is(message?.title, 'This terminal was closed');
});

test('every failure has words, if only those of the server', (t) => {
  for (const code of errorCodes) {
    const { title, detail } = explain({ code, detail: 'What the server says.' });
    t.true(title.length > 0 && detail.length > 0, code);
  }
  t.is(explain({ code: 'a code of tomorrow' as ErrorCode, detail: 'It says.' }).detail, 'It says.');
});

test('message: a pause has a countdown, and a button to skip it', (t) => {
  const why = { code: 'too-many-requests', detail: '' } as const;
  for (const state of [
    { is: 'waiting', ...memory, why, doing: pause },
    { is: 'reconnecting', ...memory, doing: pause },
  ] satisfies State[]) {
    const message = messageFor(state);
    t.is(message?.until, 5_000);
    t.deepEqual(message?.button, { label: 'Try now', sends: 'go' });
  }
  const trying = messageFor({ is: 'reconnecting', ...memory, doing: { at: 'claim' } });
  t.deepEqual(trying?.button, { label: 'Try now', sends: 'go' }, 'it does not flicker while an attempt is under way');
  const first = messageFor({ is: 'reconnecting', ...memory, failures: 0, doing: { at: 'claim' } });
  t.deepEqual([first?.button, first?.until], [undefined, undefined]);
});

test('what the webserver says is folded away where the page has words of its own, and shown where it has none', (t) => {
  const told = (code: ErrorCode) =>
    messageFor({ is: 'waiting', ...memory, why: { code, detail: 'Origin and Host differ.' }, doing: pause });
  t.like(told('forbidden'), { detail: texts.failures.forbidden.detail, cause: 'Origin and Host differ.' });
  t.like(told('invalid-config'), { detail: 'Origin and Host differ.', cause: undefined });
});

test('where a sign-in may be what is missing, the page offers to load itself again while it goes on asking', (t) => {
  for (const code of ['sign-in', 'unauthenticated'] as const) {
    const message = messageFor({ is: 'waiting', ...memory, why: { code, detail: '' }, doing: pause });
    t.like(message, { until: 5_000, button: { label: 'Reload to sign in', sends: 'reload' } });
  }
});

test('while a challenge is being solved, there is a word for it', (t) => {
  const doing = { at: 'solve', challenge: {} } as const;
  const why = { code: 'unavailable', detail: '' } as const;
  t.like(messageFor({ is: 'connecting', ...memory, doing }), { kind: 'line', title: 'One moment' });
  t.like(messageFor({ is: 'waiting', ...memory, why, doing }), {
    kind: 'dialog',
    title: 'One moment',
    button: undefined,
  });
});

test('a terminal that is there speaks for itself', (t) => {
  const doing = { at: 'attach', opened, route: 'relay', patienceMs: 4_000 } as const;
  t.is(messageFor({ is: 'connected', ...memory, doing, since: 0, replaced: false, ending: undefined }), undefined);
});

test('message: seconds are rounded as people say them', (t) => {
  t.deepEqual([0, 0.2, 59, 60, 61, 3_600, -1].map(duration), [
    '0 s',
    '1 s',
    '59 s',
    '1 min',
    '1 min 1 s',
    '60 min',
    '0 s',
  ]);
  t.deepEqual([4_100, 1, 0, -5].map(countdownText), [
    'Trying again in 5 s',
    'Trying again in 1 s',
    'Trying again …',
    'Trying again …',
  ]);
});

test('queue: everything is shown, the position and the cause of a later time are read out', (t) => {
  const say = (queue: Partial<Queue>) =>
    messageFor({ is: 'queued', ...memory, doing: { at: 'claim' }, queue: { place: 2, waiting: 3, at: 0, ...queue } })!;
  const when = (earliestSeconds: number | undefined, expectedSeconds: number) =>
    say({ earliestSeconds, expectedSeconds }).detail!.replace('A terminal should be free ', '').split('.')[0];
  t.like(say({}), { title: 'You are number 2 in line', said: 'You are number 2 in line' });
  t.deepEqual(
    [4, 54, 60, 90, 3_600, 9_000].map((seconds) => when(undefined, seconds)),
    ['in about 10 s', 'in about 60 s', 'in about 1 min', 'in about 2 min', 'in about 1 h', 'in about 3 h'],
  );
  t.is(when(180, 420), 'in 3 to 7 min');
  t.is(when(45, 100), 'in 50 s to 2 min');
  t.is(when(400, 405), 'in about 7 min');
  t.is(when(20, 420), 'within 7 min');
  t.is(when(0, 8), 'within 10 s');
  t.regex(say({ latestSeconds: 600 }).detail!, /^A terminal will be free in 10 min at the latest\./);
  t.regex(say({ earliestSeconds: 25, expectedSeconds: 30, latestSeconds: 600 }).detail!, /in about 30 s/);
  t.regex(say({}).detail!, /^We do not know yet when a terminal will be free\. Keep this page open/);
  t.like(say({ cause: 'starts-fail' }), {
    detail: `Terminals are not starting at the moment. We do not know yet when a terminal will be free. ${texts.queue.next}`,
    said: 'You are number 2 in line. Terminals are not starting at the moment.',
  });
  t.regex(
    say({ cause: 'long-sessions', latestSeconds: 600 }).detail!,
    /than before\. A terminal will be free in 10 min/,
  );
  t.regex(say({ cause: 'a cause of tomorrow' as never }).detail!, /^We do not know yet/);
});

test('a limit that was reached is told in the page’s own words; one of tomorrow in those of the server', (t) => {
  const told = (of: string) =>
    explain({ code: 'too-many-requests', detail: 'It says.', limit: { of: of as never, most: 3 } }).detail;
  for (const of of limitsOf.filter((one) => one !== 'line')) t.regex(told(of), /\b3\b/, of);
  t.regex(told('line'), /Too many people are waiting/);
  t.is(told('a limit of tomorrow'), 'It says.');
});
