// Raw requests to the API that a kubeconfig names, real or stand-in. They test the API itself, so they use the
// client library only to read the kubeconfig.

import { once } from 'node:events';
import { request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { createInterface } from 'node:readline';
import { KubeConfig } from '@kubernetes/client-node';
import { readWarnings } from '../../manager/kubernetes/warnings.ts';

// biome-ignore lint/suspicious/noExplicitAny: API answers are read at any depth; a wrong access fails the test.
export type Body = Record<string, any>;
export type Reply = { code: number; body: Body; text: string; warnings: string[] };
export type WatchEvent = { type: string; object: Body };
export type Watching = {
  /** All events so far. */
  events: WatchEvent[];
  /** The first event, past or future, for which `holds` is true. Rejects when the watch ends without it. */
  until(holds: (event: WatchEvent) => boolean): Promise<WatchEvent>;
  /** Resolves when the server ends the watch. */
  ended: Promise<unknown>;
  stop(): void;
};
export type Api = {
  /** `contentType` defaults to JSON. A string body is sent unchanged. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  watch(path: string, headers?: Record<string, string>): Watching;
};

export const mergePatch = { 'content-type': 'application/merge-patch+json' };
export const jsonPatch = { 'content-type': 'application/json-patch+json' };

/** `authorization` replaces the kubeconfig's credentials; empty sends none. */
export async function openApi(kubeconfig: string, authorization?: string): Promise<Api> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = new URL(config.getCurrentCluster()!.server);
  const own: RequestOptions = {};
  await config.applyToHTTPSOptions(own as Parameters<typeof config.applyToHTTPSOptions>[0]);
  const { ca, cert, key, rejectUnauthorized, headers: given } = own;
  const secure = server.protocol === 'https:';
  const tls = { ...(ca && { ca }), ...(rejectUnauthorized === false && secure && { rejectUnauthorized }) };
  const credentials =
    authorization === undefined ? { cert, key, headers: given } : { headers: authorization ? { authorization } : {} };
  // The stand-in also takes its token from the path. Omit it in a request with other credentials.
  const prefix = authorization === undefined ? server.pathname.replace(/\/$/, '') : '';

  const send = (method: string, path: string, headers: object, body?: string) => {
    const url = new URL(prefix + path, server);
    const all = { ...credentials.headers, ...headers };
    const outgoing = (secure ? requestHttps : requestHttp)(url, {
      method,
      ...tls,
      ...credentials,
      headers: all as Record<string, string>,
      agent: false,
    });
    // Node sends the body of a DELETE with neither a length nor chunks.
    if (body !== undefined) outgoing.setHeader('content-length', Buffer.byteLength(body));
    outgoing.end(body);
    return outgoing;
  };

  return {
    async call(method, path, body, headers = {}) {
      const text = typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body);
      const outgoing = send(
        method,
        path,
        { ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
        text,
      );
      const [incoming] = await once(outgoing, 'response');
      const answer = (await incoming.setEncoding('utf8').toArray()).join('');
      let parsed: Body = {};
      try {
        parsed = JSON.parse(answer);
      } catch {
        // Not JSON: return the text.
      }
      const warnings = readWarnings(incoming.headers.warning);
      return { code: incoming.statusCode, body: parsed, text: answer, warnings };
    },
    watch(path, headers = {}) {
      const outgoing = send('GET', path, headers);
      const events: WatchEvent[] = [];
      const news = new EventTarget();
      let over = false;
      const ended = (async () => {
        const [incoming] = await once(outgoing, 'response');
        for await (const line of createInterface({ input: incoming })) {
          if (line === '') continue;
          const event = JSON.parse(line);
          // A Status in place of a stream is an event too.
          events.push(event.type ? event : { type: 'STATUS', object: event });
          news.dispatchEvent(new Event('news'));
        }
      })()
        .catch(() => {})
        .finally(() => {
          over = true;
          news.dispatchEvent(new Event('news'));
        });
      return {
        events,
        ended,
        stop: () => outgoing.destroy(),
        async until(holds) {
          for (;;) {
            const found = events.find(holds);
            if (found) return found;
            if (over)
              throw new Error(
                `the watch ended after ${events.map(({ type, object }) => `${type} ${object.metadata?.name}`)}`,
              );
            await once(news, 'news');
          }
        },
      };
    },
  };
}
