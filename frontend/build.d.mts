/** A file of the built page, and its sizes in bytes. */
export type BuiltFile = { name: string; bytes: number; brotli: number; gzip: number };

/** Writes the page to `outdir`, which is emptied first. */
export function buildFrontend(options: { outdir: string; minify?: boolean }): Promise<BuiltFile[]>;
