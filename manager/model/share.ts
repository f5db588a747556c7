// How managers that know each other divide the ordinals of a pool, so that they seldom claim the same pod. A share is a
// preference: every manager may claim every pod.

/** A manager is number `rank`, from 0, of so many. */
export type Share = { rank: number; of: number };

/** The share of a manager that knows no other. */
export const wholeShare: Share = { rank: 0, of: 1 };

/** Whether the manager prefers the pod of that ordinal. Of each `of` ordinals in a row every manager prefers one. */
export const prefers = ({ rank, of }: Share, ordinal: number): boolean => ordinal % of === rank;

/** Divides the ordinals that other managers prefer: which of them to take when there are none of one's own. */
export const prefersNext = ({ rank, of }: Share, ordinal: number): boolean => Math.floor(ordinal / of) % of === rank;
