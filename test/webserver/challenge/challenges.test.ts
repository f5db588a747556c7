// Challenges between the page's API and the manager, which demands them.

import test from 'ava';
import { ServiceError } from '../../../common/errors.ts';
import { problemSchema } from '../../../common/http/problem.ts';
import { claimRequestSchema } from '../../../common/manager-api.ts';
import { solveProofOfWork } from '../../../frontend/challenge/proof-of-work.ts';
import { startWebserver } from '../../helpers/webserver-app.ts';
import { type Answer, createVisitor } from '../../helpers/webserver-browser.ts';
import type { ManagerDouble } from '../../helpers/webserver-manager.ts';

const never = new AbortController().signal;
const easy = { WARMTERM_CHALLENGE_WORK: '2' };

/** Makes the visitor's address busy. */
function makeBusy(manager: ManagerDouble) {
  manager.misbehave = ({ method, body }) => {
    if (method !== 'POST' || claimRequestSchema.parse(body).challenge === 'solved') return undefined;
    return new ServiceError('challenge-required', 'Many terminals were opened.', { retryAfter: 15 });
  };
}

const solve = async ({ body }: Answer) => solveProofOfWork(problemSchema.parse(body).challenge, async () => {}, never);

for (const path of ['/api/terminals', '/api/terminals/current/restart']) {
  test(`challenges: POST ${path} from a busy address needs a solution`, async (t) => {
    const { url, manager } = await startWebserver(t, easy);
    makeBusy(manager);
    const visitor = createVisitor(url);
    const refused = await visitor.send('POST', path, { body: {} });
    t.is(refused.status, 429);
    t.is(refused.headers.get('retry-after'), '15');
    t.like(problemSchema.parse(refused.body), { code: 'challenge-required', retryable: true, retryAfter: 15 });
    const solution = await solve(refused);
    const opened = await visitor.send('POST', path, { body: { solution } });
    t.is(opened.status, 201);
    // A solution is valid for one terminal, and for the visitor of the challenge.
    t.is((await visitor.send('POST', path, { body: { solution } })).status, 429);
    const another = createVisitor(url);
    const stolen = await solve(await visitor.send('POST', path, { body: {} }));
    t.is((await another.send('POST', path, { body: { solution: stolen } })).status, 429);
    t.true((await visitor.send('POST', path, { body: { solution: stolen } })).status < 300);
  });
}

test('inv 10: challenges: an invalid solution gets a new challenge or invalid-request', async (t) => {
  const { url, manager } = await startWebserver(t, easy);
  makeBusy(manager);
  const visitor = createVisitor(url);
  const refused = await visitor.send('POST', '/api/terminals', { body: { solution: { solved: true } } });
  t.is(refused.status, 429);
  t.truthy(problemSchema.parse(refused.body).challenge);
  const nonsense = await visitor.send('POST', '/api/terminals', { body: { solution: 'please' } });
  t.like(problemSchema.parse(nonsense.body), { code: 'invalid-request', status: 400 });
  t.regex(String(nonsense.body.detail), /^solution: /);
});

test('challenges: issues none unless the manager demands it', async (t) => {
  const { url, manager } = await startWebserver(t, easy);
  t.is((await createVisitor(url).send('POST', '/api/terminals', { body: {} })).status, 201);
  t.is(claimRequestSchema.parse(manager.requests[0]?.body).challenge, 'unsolved');
});

test('challenges: other refusals carry no challenge and keep retryAfter', async (t) => {
  const { url, manager } = await startWebserver(t, easy);
  manager.misbehave = () => new ServiceError('too-many-requests', 'Your network has enough.', { retryAfter: 42 });
  const refused = await createVisitor(url).send('POST', '/api/terminals', { body: {} });
  t.is(refused.status, 429);
  t.is(refused.headers.get('retry-after'), '42');
  const { code, detail, challenge } = problemSchema.parse(refused.body);
  t.deepEqual([code, detail, challenge], ['too-many-requests', 'Your network has enough.', undefined]);
});
