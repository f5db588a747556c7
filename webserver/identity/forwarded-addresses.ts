// Some proxies append the client's port to its address (Azure Application Gateway, IIS). Each connection would then count as another
// address: no limit would apply, and with WARMTERM_IDENTITY=address each connection would be another visitor.

import type { RequestHandler } from 'express';

/** Removes the ports from X-Forwarded-For, before express reads it. */
export const ignoreForwardedPorts: RequestHandler = (request, _response, next) => {
  const forwarded = request.headers['x-forwarded-for'];
  if (typeof forwarded === 'string') request.headers['x-forwarded-for'] = withoutPorts(forwarded);
  next();
};

/** `192.0.2.1:1234, [2001:db8::1]:1234` → `192.0.2.1, 2001:db8::1`. Pure. */
export const withoutPorts = (forwarded: string): string =>
  forwarded
    .split(',')
    .map((word) => {
      const address = word.trim();
      const [, plain = address] = /^\[([^\]]*)\](?::\d*)?$/.exec(address) ?? /^([\d.]+):\d*$/.exec(address) ?? [];
      return plain;
    })
    .join(', ');
