// Looks up a command as execvp(3) does, so that a command which cannot start is reported before anything is started.

import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RunExit } from '../../common/runs.ts';

const defaultPath = '/usr/local/bin:/usr/bin:/bin';

export type FoundCommand = { path: string } | { exit: RunExit };

/** The absolute path of `name`, for a process in `directory` with the search path `searchPath`; or why there is none. */
export function findCommand(name: string, directory: string, searchPath: string = defaultPath): FoundCommand {
  if (!isDirectory(directory)) {
    return { exit: { cause: 'not-executable', message: `There is no directory ${directory} in the terminal.` } };
  }
  const folders = name.includes('/') ? [''] : name === '' ? [] : searchPath.split(':');
  let refused: string | undefined;
  for (const folder of folders) {
    const path = resolve(directory, folder, name);
    const why = whyNot(path);
    if (why === undefined) return { path };
    if (why !== 'absent') refused ??= `${path} ${why}.`;
  }
  if (refused !== undefined) return { exit: { cause: 'not-executable', message: refused } };
  return {
    exit: { cause: 'not-found', message: `The command ${JSON.stringify(name)} was not found in the terminal.` },
  };
}

function isDirectory(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function whyNot(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return 'is a directory';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'cannot be read' : 'absent';
  }
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return 'is not executable';
  }
}
