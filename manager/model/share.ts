// How managers divide the ordinals of a pool, so that they seldom claim the same pod. A share is a preference: every manager may
// claim every pod.

/** The manager has number `rank` (from 0) among `of` managers. */
export type Share = { rank: number; of: number };

/** The share of a manager that knows no other manager. */
export const wholeShare: Share = { rank: 0, of: 1 };

/** Whether the manager prefers the pod of that ordinal. It prefers one of each `of` consecutive ordinals. */
export const prefers = ({ rank, of }: Share, ordinal: number): boolean => ordinal % of === rank;

/** Divides the ordinals that other managers prefer: which of them to take when none of its own is left. */
export const prefersNext = ({ rank, of }: Share, ordinal: number): boolean => Math.floor(ordinal / of) % of === rank;
