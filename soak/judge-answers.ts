// Checks the answers to visitors: the ticket is for the visitor's pod, the pod belongs to the visitor and is reachable, and no visitor
// with a terminal is sent to another.

import { setTimeout as delay } from 'node:timers/promises';
import { labels } from '../common/names.ts';
import { type Transport, unless } from '../manager/kubernetes/transport.ts';
import type { Quiet } from './calm.ts';
import { type Checker, isLive, poolName, type Violation } from './invariants.ts';
import type { Losses } from './losses.ts';
import type { Answer, FinalError } from './visitors.ts';

export type JudgeOptions = {
  checker: Checker;
  losses: Losses;
  transport: Transport;
  quiet: Quiet;
  /** The longest delay until a manager sees a change. */
  knownWithinMs: number;
  askedToEnd: (visitor: string) => boolean;
  checked: (invariant: string) => void;
  violate: (violation: Violation) => void;
};

type RawService = {
  metadata: { labels?: Record<string, string> };
  spec: { ports?: { nodePort?: number }[] };
};

export function createAnswerJudge(options: JudgeOptions) {
  const { checker, losses, transport, quiet, knownWithinMs, askedToEnd, checked, violate } = options;
  const totals = { doubles: 0 };

  function onAnswer(answer: Answer): void {
    const { visitor, claim } = answer;
    const [, payload = ''] = claim.ticket.split('.');
    const ticket = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { aud: string; sub: string };
    checked('8');
    if (ticket.aud !== claim.uid || ticket.sub !== visitor.hash)
      violate({
        invariant: '8',
        what: `a ticket of ${visitor.hash} is for ${ticket.sub} at ${ticket.aud}`,
        uids: [claim.uid],
      });
    void handedOut(visitor.hash, claim.uid);
    if (claim.status === 'new') void isReachable(answer);
    isFit(answer);
    isTheSame(answer);
  }

  /** The pod in the answer must be the visitor's. The history may see the claim a little later. */
  async function handedOut(hash: string, uid: string): Promise<void> {
    checked('1');
    for (let tries = 0; tries < 50; tries++) {
      const pod = checker.pods.get(uid);
      const visitor = pod?.events.at(-1)?.visitor;
      if (visitor === hash) return;
      if (visitor !== undefined) break;
      await delay(100);
    }
    violate({ invariant: '1', what: `${uid} was handed to ${hash}, whose it is not`, uids: [uid] });
  }

  /** The address must be that of the pod's own Service, unless it changed recently. */
  async function isReachable({ claim, askedAt }: Answer): Promise<void> {
    const { name, uid, address } = claim;
    const path = `/api/v1/namespaces/${transport.namespace}/services/${name}`;
    const service = await unless([404], transport.request<RawService>({ method: 'GET', path })).catch(() => 'unknown');
    const since = askedAt - knownWithinMs;
    if (typeof service === 'string' || losses.exposureTouchedSince(since)) return;
    if (losses.poolAbsentFrom(since) !== undefined) return;
    checked('reachable');
    const isOurs = service?.metadata.labels?.[labels.pool] === poolName;
    if (isOurs && service.spec.ports?.[0]?.nodePort === address.port) return;
    // It may have been scaled away meanwhile.
    const pod = checker.pods.get(uid);
    if (pod && !isLive(pod)) return;
    violate({
      invariant: 'reachable',
      what: `${name} was handed out at port ${address.port}: ${service ? 'its Service has another' : 'it has no Service'}`,
      uids: [uid],
    });
  }

  function isFit({ claim, manager, askedAt }: Answer): void {
    const known = askedAt - knownWithinMs;
    const pod = checker.pods.get(claim.uid);
    if (!pod || !manager.ranSince(known)) return;
    const unfit = losses.whyUnfit(pod, known);
    if (unfit !== undefined)
      violate({
        invariant: 'reachable',
        what: `${claim.name} was handed out (${claim.status}), though ${unfit}`,
        uids: [claim.uid],
      });
  }

  function isTheSame({ visitor, claim, manager, askedAt }: Answer): void {
    const former = visitor.terminal;
    if (!former || former.uid === claim.uid || askedToEnd(visitor.hash)) return;
    checked('2');
    const pod = checker.pods.get(former.uid);
    const next = checker.pods.get(claim.uid);
    if (!pod || !isLive(pod) || losses.causeOfEnd(pod, performance.now()) !== undefined) return;
    // Of two terminals of a visitor, the visitor returns to the older one.
    if ((next?.claimedSince ?? Number.POSITIVE_INFINITY) < (pod.claimedSince ?? 0)) return;
    totals.doubles++;
    // A manager with a delayed watch cannot know it; without faults it must.
    const since = askedAt - knownWithinMs;
    if (quiet.since !== undefined && since > quiet.since && manager.ranSince(since))
      violate({
        invariant: '2',
        what: `${visitor.hash} had a terminal, and was sent to another`,
        uids: [former.uid, claim.uid],
      });
  }

  /** A visitor leaves after a permanent error. */
  function onFinalError({ visitor, manager, error }: FinalError): void {
    // A manager that started while the pool was deleted cannot know of it.
    const absentFrom = losses.poolAbsentFrom(performance.now() - knownWithinMs);
    if (error.code === 'not-found' && absentFrom !== undefined && !manager?.ranSince(absentFrom)) return;
    violate({
      invariant: '10',
      what: `${manager?.name} told ${visitor.hash} ${error.code}: ${error.message}`,
      uids: [],
    });
  }

  return { onAnswer, onFinalError, totals };
}
