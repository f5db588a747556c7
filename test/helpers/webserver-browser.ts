// A visitor's browser as far as HTTP goes: it keeps cookies and sends JSON.

export type Answer = { status: number; body: Record<string, unknown>; headers: Headers; setCookies: string[] };

export type Visitor = {
  send: (
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ) => Promise<Answer>;
  /** name=value */
  cookies: Map<string, string>;
};

export function createVisitor(url: string): Visitor {
  const cookies = new Map<string, string>();
  return {
    cookies,
    async send(method, path, { body, headers = {} } = {}) {
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(cookies.size === 0 ? {} : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const setCookies = response.headers.getSetCookie();
      for (const cookie of setCookies) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        cookies.set(name, value);
      }
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return {
        status: response.status,
        headers: response.headers,
        setCookies,
        body: isJson ? JSON.parse(text) : { text },
      };
    },
  };
}
