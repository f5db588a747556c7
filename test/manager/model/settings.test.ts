import test from 'ava';
import { defaultSettings, readSettings } from '../../../manager/model/settings.ts';

const read = (annotations: Record<string, string>, former = defaultSettings) =>
  readSettings(
    Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`warmterm.dev/${key}`, value])),
    former,
  );

test('settings: default values without annotations', (t) => {
  t.deepEqual(readSettings({ 'example.org/else': 'x' }), { settings: defaultSettings, problems: [] });
});

test('settings: each annotation is read with its unit', (t) => {
  const { settings, problems } = read({
    spare: '3',
    min: '2',
    max: '40',
    'idle-timeout': '30m',
    'max-lifetime': '3h',
    'connect-timeout': '90s',
    'scale-down-delay': '10m',
    'start-timeout': '10m',
    'silence-timeout': '2m',
    'run-grace': '90s',
    'run-linger': '0s',
    'max-per-visitor': '1',
    'max-per-address': '3',
    'claims-per-minute': '10000',
    'challenge-from': 'none',
    'max-waiting': '0',
    'max-waiting-per-address': '4',
  });
  t.deepEqual(problems, []);
  t.deepEqual(settings, {
    spare: 3,
    min: 2,
    max: 40,
    idleTimeout: 1_800_000,
    maxLifetime: 10_800_000,
    connectTimeout: 90_000,
    scaleDownDelay: 600_000,
    startTimeout: 600_000,
    silenceTimeout: 120_000,
    runGrace: 90_000,
    runLinger: 0,
    prewarm: [],
    maxPerVisitor: 1,
    maxPerAddress: 3,
    claimsPerMinute: 10_000,
    challengeFrom: 'none',
    maxWaiting: 0,
    maxWaitingPerAddress: 4,
  });
});

for (const [text, spare] of [
  ['0', 0],
  ['10000', 10_000],
  ['20%', '20%'],
  ['020%', '20%'],
  ['0%', '0%'],
  ['1000%', '1000%'],
  ['auto', 'auto'],
  [' auto ', 'auto'],
] as const) {
  test(`settings: spare may be ${JSON.stringify(text)}`, (t) => {
    t.deepEqual(read({ spare: text }), { settings: { ...defaultSettings, spare }, problems: [] });
  });
}

for (const [key, value] of [
  ['spare', '-1'],
  ['spare', 'many'],
  ['spare', '1.5'],
  ['spare', ''],
  ['spare', '-5%'],
  ['spare', '1.5%'],
  ['spare', '1001%'],
  ['spare', '%'],
  ['spare', 'Auto'],
  ['max', '10001'],
  ['idle-timeout', '15'],
  ['idle-timeout', '0s'],
  ['idle-timeout', '8d'],
  ['connect-timeout', '2h'],
  ['scale-down-delay', 'soon'],
  ['start-timeout', '61m'],
  ['silence-timeout', '29s'],
  ['run-grace', '4s'],
  ['run-grace', '60'],
  ['run-linger', '8d'],
  ['max-per-visitor', '0'],
  ['max-per-address', '000'],
  ['max-per-address', ''],
  ['claims-per-minute', '10001'],
  ['claims-per-minute', '10/m'],
  ['challenge-from', 'None'],
  ['max-waiting', '5001'],
  ['max-waiting-per-address', '0'],
] as const) {
  test(`inv 10: settings: ${key}=${JSON.stringify(value)} is reported and changes nothing`, (t) => {
    const times = { idleTimeout: 1_000, maxLifetime: 2_000, connectTimeout: 3_000, scaleDownDelay: 4_000 };
    const limits = {
      maxPerVisitor: 1,
      maxPerAddress: 2,
      claimsPerMinute: 3,
      challengeFrom: 'none',
      maxWaiting: 6,
      maxWaitingPerAddress: 8,
    } as const;
    const former = {
      spare: 7,
      min: 1,
      max: 9,
      ...times,
      startTimeout: 5_000,
      silenceTimeout: 30_000,
      runGrace: 5_000,
      runLinger: 0,
      prewarm: [],
      ...limits,
    };
    const others = {
      spare: '7',
      min: '1',
      max: '9',
      'idle-timeout': '1s',
      'max-lifetime': '2s',
      'connect-timeout': '3s',
      'scale-down-delay': '4s',
      'start-timeout': '5s',
      'silence-timeout': '30s',
      'run-grace': '5s',
      'run-linger': '0s',
      'max-per-visitor': '1',
      'max-per-address': '2',
      'claims-per-minute': '3',
      'max-waiting': '6',
      'max-waiting-per-address': '8',
    };
    const { settings, problems } = read({ ...others, [key]: value }, former);
    t.deepEqual(settings, former);
    t.is(problems.length, 1);
    t.regex(problems[0]!, new RegExp(`^warmterm.dev/${key}=.* must be`));
  });
}

test('inv 10: settings: a min above max is reported and changes neither', (t) => {
  const { settings, problems } = read({ min: '5', max: '3' }, { ...defaultSettings, min: 1, max: 4 });
  t.like(settings, { min: 1, max: 4 });
  t.deepEqual(problems, ['warmterm.dev/min=5 is above warmterm.dev/max=3']);
});

const course = { name: 'course', from: '2027-01-12T09:00Z', to: '2027-01-12T12:00Z', ready: 40 };

test('settings: windows are read, and removed with their annotation', (t) => {
  const { settings, problems } = read({ prewarm: JSON.stringify([course]) });
  t.deepEqual(problems, []);
  t.like(settings.prewarm, { length: 1, 0: { name: 'course', ready: 40, from: Date.parse(course.from) } });
  t.deepEqual(read({}, settings).settings.prewarm, []);
});

test('inv 10: settings: one invalid window refuses all, keeps the old ones and reports each mistake', (t) => {
  const former = read({ prewarm: JSON.stringify([course]) }).settings;
  const wrong = [
    { ...course, ready: 20 },
    { ...course, name: 'other', to: 'noon' },
    { ...course, name: 'last', ready: 0 },
  ];
  const { settings, problems } = read({ prewarm: JSON.stringify(wrong), max: '50' }, former);
  t.is(settings.prewarm, former.prewarm);
  t.is(settings.max, 50, 'what is right besides holds');
  t.is(problems.length, 2);
  t.regex(problems[0]!, /^warmterm\.dev\/prewarm: window "other": to: "noon" must be a time/);
  t.regex(problems[1]!, /^warmterm\.dev\/prewarm: window "last": ready: 0 must be a whole number/);
});

test('inv 10: settings: an unknown warmterm annotation is reported and changes nothing', (t) => {
  const given = { 'warmterm.dev/spares': '3', 'warmterm.dev/max': '7', 'example.org/spares': '4' };
  const { settings, problems } = readSettings(given);
  t.deepEqual(problems, ['warmterm.dev/spares: there is no such setting; remove or correct the annotation']);
  t.deepEqual(settings, { ...defaultSettings, max: 7 });
});
