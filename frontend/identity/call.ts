// A request to the webserver's API as this visitor.

import type { ErrorCode } from '../../common/errors.ts';
import type { paths, visitorHeader } from '../../common/terminals-api.ts';
import { urlOf } from '../base.ts';
import { dropHandedId, handedId } from './handed-id.ts';
import { keepId, proposedId, visitorId } from './visitor-id.ts';

// As in common/terminals-api.ts, whose types are checked; its code would bring all of zod along.
const header: typeof visitorHeader = 'warmterm-visitor';
const current: typeof paths.current = '/api/terminals/current';
const unknownVisitor: ErrorCode = 'unknown-visitor';

type Options = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };

/**
 * Why the server cannot know this page as the same visitor again. `removed`: something on the way removes the header from
 * requests. `refused`: this page was given an id that a server refuses.
 */
export class UnknownVisitor extends Error {
  readonly why: 'removed' | 'refused';

  constructor(why: 'removed' | 'refused') {
    super(`visitor id ${why}`);
    this.why = why;
  }
}

let renewed = false;
let kept = true;

/** Whether this page knows that its server knows it again: false when a proposed id was answered without the signed one. */
export const isIdKept = (): boolean => kept;

/**
 * The answer to `path`. A first visit takes this one request: it proposes the visitor's id. Rejects as fetch does, and with
 * `UnknownVisitor`. Each new id may claim a terminal, so an id is replaced at most once in the life of a page.
 */
export async function call(path: string, options: Options): Promise<Response> {
  const handed = handedId();
  if (handed !== undefined) {
    const answer = await send(path, options, handed);
    const refused = await isUnknown(answer);
    // One that is valid is signed: with another id the server says that it knows visitors by something else.
    if (refused || answer.headers.has(header)) dropHandedId();
    if (!refused) return answer;
  }
  const former = visitorId();
  let answer = await send(path, options, former ?? proposedId());
  let proposed = former === undefined;
  // The secret that has signed the id is gone, or the setting is another now.
  if (!proposed && (await isUnknown(answer))) {
    if (renewed) throw new UnknownVisitor('refused');
    proposed = true;
    answer = await send(path, options, proposedId());
  }
  if (proposed && (await isUnknown(answer))) throw new UnknownVisitor('removed');
  const given = answer.headers.get(header);
  if (given === null) {
    kept = !proposed;
    return answer;
  }
  kept = true;
  if (former !== undefined) renewed = true;
  if ((await keepId(given, former)) === given) return answer;
  // Another new tab was first, and its id counts. Give back the terminal of this tab's own id.
  callAndForget(current, 'DELETE', given);
  return call(path, options);
}

/** The same for a request that outlives the page, and has no answer. */
export function callAndForget(path: string, method: 'DELETE', id = handedId() ?? visitorId() ?? proposedId()): void {
  fetch(urlOf(path), { method, headers: { [header]: id }, keepalive: true }).catch(() => {});
}

const send = (path: string, { headers, ...rest }: Options, id: string) =>
  fetch(urlOf(path), { ...rest, headers: { ...headers, [header]: id } });

async function isUnknown(answer: Response): Promise<boolean> {
  if (answer.status !== 401) return false;
  const problem: unknown = await answer
    .clone()
    .json()
    .catch(() => undefined);
  return (problem as { code?: unknown } | undefined)?.code === unknownVisitor;
}
