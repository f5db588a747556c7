// What this installation is called, and its logo: settings of the webserver (WARMTERM_NAME, WARMTERM_LOGO_URL), which writes them
// into the page's head.

// Tests of pure modules run without a page.
const { document: page } = globalThis as {
  document?: { querySelector: (selector: string) => { getAttribute: (name: string) => string | null } | null };
};
const read = (name: string): string | undefined =>
  page?.querySelector(`meta[name="${name}"]`)?.getAttribute('content') || undefined;

export const product = read('application-name') ?? 'warmterm';

/** Undefined where there is none. */
export const logoUrl = read('warmterm-logo');
