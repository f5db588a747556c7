// The package has no types of its own.
declare module 'proxy-from-env' {
  /** The proxy for `url`; empty: none. */
  export function getProxyForUrl(url: string): string;
}
