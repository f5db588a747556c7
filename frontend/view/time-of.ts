// A time as people read it on a clock, in the language of the page.

/** `iso`: a time as ISO 8601. */
export const timeOf = (iso: string): string =>
  new Date(iso).toLocaleTimeString(document.documentElement.lang, { hour: '2-digit', minute: '2-digit' });
