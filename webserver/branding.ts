// The name and the logo of this installation, in the page's head, its title and its manifest. Pure.

import { brotliCompressSync, gzipSync } from 'node:zlib';
import { etagOf, type PageFile } from './page-files.ts';

export type Branding = { name: string; logoUrl?: string | undefined };

export const defaultName = 'warmterm';

/** The URL as the policy and the page write it; undefined when it cannot be the address of a picture. */
export function parseLogoUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, password, hash, href } = new URL(text);
  if (protocol !== 'https:' || username !== '' || password !== '' || hash !== '') return undefined;
  // These would end a source in the Content-Security-Policy.
  return /[;,'"\s]/.test(href) ? undefined : href;
}

/** Where the policy lets the logo come from: its URL without the query, which a source cannot have. */
export const logoSource = (logoUrl: string): string => logoUrl.replace(/\?.*$/s, '');

/** `files` with the name and the logo in the pages and in the manifest. */
export function brandPages(files: ReadonlyMap<string, PageFile>, { name, logoUrl }: Branding): Map<string, PageFile> {
  const branded = new Map(files);
  if (name === defaultName && logoUrl === undefined) return branded;
  const change = (path: string, rewrite: (text: string) => string) => {
    const file = files.get(path);
    if (file) branded.set(path, compressed(file, rewrite(file.body.identity.toString())));
  };
  for (const path of ['/index.html', '/host.html']) change(path, (text) => brandPage(text, { name, logoUrl }));
  change('/manifest.webmanifest', (text) => JSON.stringify({ ...JSON.parse(text), name, short_name: name }));
  return branded;
}

function brandPage(text: string, { name, logoUrl }: Branding): string {
  const logo = logoUrl === undefined ? '' : `<meta name="warmterm-logo" content="${escapeHtml(logoUrl)}">`;
  // As functions: `$` in a name means nothing.
  return text
    .replace(/(?<=<title>.*)warmterm(?=<\/title>)/, () => escapeHtml(name))
    .replace(/<meta name="application-name"[^>]*>/, () => {
      return `<meta name="application-name" content="${escapeHtml(name)}">${logo}`;
    });
}

function compressed(file: PageFile, text: string): PageFile {
  const identity = Buffer.from(text);
  return {
    ...file,
    etag: etagOf(identity),
    body: { identity, br: brotliCompressSync(identity), gzip: gzipSync(identity) },
  };
}

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
