// A challenge between the page's API and the manager, which is the one who asks for it.

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

/** From now on the address of the visitor is busy. */
function makeBusy(manager: ManagerDouble) {
  manager.misbehave = ({ method, body }) => {
    if (method !== 'POST' || claimRequestSchema.parse(body).challenge === 'solved') return undefined;
    return new ServiceError('challenge-required', 'Many terminals were opened.', { retryAfter: 15 });
  };
}

const solve = async ({ body }: Answer) => solveProofOfWork(problemSchema.parse(body).challenge, async () => {}, never);

for (const path of ['/api/terminals', '/api/terminals/current/restart']) {
  test(`POST ${path} from a busy address gets a challenge, and with its solution a terminal`, async (t) => {
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
    // A solution is good for one terminal, and for the visitor who was asked.
    t.is((await visitor.send('POST', path, { body: { solution } })).status, 429);
    const another = createVisitor(url);
    const stolen = await solve(await visitor.send('POST', path, { body: {} }));
    t.is((await another.send('POST', path, { body: { solution: stolen } })).status, 429);
    t.true((await visitor.send('POST', path, { body: { solution: stolen } })).status < 300);
  });
}

test('inv 10: what is no solution is refused with another challenge, or named as what it is', async (t) => {
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

test('nobody is asked for anything while the manager asks for nothing', async (t) => {
  const { url, manager } = await startWebserver(t, easy);
  t.is((await createVisitor(url).send('POST', '/api/terminals', { body: {} })).status, 201);
  t.is(claimRequestSchema.parse(manager.requests[0]?.body).challenge, 'unsolved');
});

test('a refusal for another reason comes without a challenge, and says when to come back', async (t) => {
  const { url, manager } = await startWebserver(t, easy);
  manager.misbehave = () => new ServiceError('too-many-requests', 'Your network has enough.', { retryAfter: 42 });
  const refused = await createVisitor(url).send('POST', '/api/terminals', { body: {} });
  t.is(refused.status, 429);
  t.is(refused.headers.get('retry-after'), '42');
  const { code, detail, challenge } = problemSchema.parse(refused.body);
  t.deepEqual([code, detail, challenge], ['too-many-requests', 'Your network has enough.', undefined]);
});
