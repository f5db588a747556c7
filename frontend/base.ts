// Where this installation is: all of its URLs are below one folder, `/` or a path prefix such as `/shell/`. The page and the host's
// page are files in that folder.

/** The folder, without the user name and password that the page's address may hold: fetch refuses URLs with them. */
export const baseUrl = (): URL => new URL('.', location.origin + location.pathname);

/** The URL of `path`, such as `/api/terminals`, in this installation. */
export const urlOf = (path: string): string => baseUrl().href + path.slice(1);
