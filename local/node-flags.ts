// How the Node.js processes of a system are started.

// SIGUSR1 opens Node.js's inspector on loopback, which hands the process to any program of the same user: to a visitor's shell,
// in a terminal. Node.js has the flag since 22.14; an older one has no way to prevent it.
const wanted = ['--disable-sigusr1'];

/** Flags for every process of ours, as far as this Node.js has them. */
export const nodeFlags: readonly string[] = wanted.filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));
