// The first import of a process that runs several test files.

globalThis.testsShareProcess = true;
