// Through HTTP proxies, as HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say: Node 20 does not look at them by itself. Requests
// and WebSockets alike pass by CONNECT. The agent is loaded only where a proxy is named.

import type { Agent } from 'node:http';
import { Failure } from './failure.ts';

const named = ['https_proxy', 'http_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);

/** The agent that leads to `url`; undefined: directly. */
export async function agentFor(url: string): Promise<Agent | undefined> {
  if (!named.some((name) => process.env[name])) return undefined;
  const { getProxyForUrl } = await import('proxy-from-env');
  const proxy = getProxyForUrl(url);
  if (proxy === '') return undefined;
  if (!/^https?:\/\//.test(proxy) || !URL.canParse(proxy))
    throw new Failure(`${proxy}: not the address of an HTTP proxy.`);
  const { HttpsProxyAgent } = await import('https-proxy-agent');
  return new HttpsProxyAgent(proxy);
}
