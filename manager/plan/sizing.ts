// How many terminals to keep ready for the next visitors. Pure.
//
// A pool is a stock: each claim takes a pod out of it and orders another, which is ready one refill time later, so that
// ready + starting stays at the spare. Inventory theory calls this a one-for-one (S-1, S) base stock. If visitors arrive at
// random (Poisson), the number of pods on order is Poisson distributed with mean arrival rate × mean refill time, for any
// distribution of refill times (Palm 1943). A visitor finds a ready pod when fewer than S are on order: Feeney and
// Sherbrooke, "The (S-1, S) inventory policy under compound Poisson demand", Management Science 12 (1966).
//
// The rate is only an estimate. If it has a gamma distribution, the number of pods on order has a negative binomial one
// (Gelman et al., Bayesian Data Analysis, 2.6). It is wider than the Poisson distribution by the uncertainty of the
// estimate: few observations give more spares, many observations as few as Poisson.

import type { ArrivalRate } from '../model/estimators/arrivals.ts';
import type { Spare } from '../model/settings.ts';

export type Demand = {
  inUse: number;
  /** Estimates of the arrival rate by different memories. The one that needs most pods counts. */
  rates: readonly ArrivalRate[];
  /** Mean time from a claim until the replacement pod is Ready, in milliseconds. */
  refillMs: number;
};

/** The share of visitors who find a ready pod at once. */
export const serviceLevel = 0.999;

/** The number of terminals that `spare` means now, at most `max`. At least one, for the first visitor, unless `spare` is 0. */
export function spareFor(spare: Spare, { inUse, rates, refillMs }: Demand, max: number): number {
  if (typeof spare === 'number') return spare;
  if (spare !== 'auto') {
    const percent = Number.parseInt(spare, 10);
    return percent === 0 ? 0 : Math.max(1, Math.ceil((inUse * percent) / 100));
  }
  return Math.max(1, ...rates.map((rate) => baseStock(rate, refillMs, max)));
}

/** The smallest stock, from 1 to `max`, such that fewer pods are on order with probability `serviceLevel`. */
export function baseStock({ arrivals, ms }: ArrivalRate, refillMs: number, max: number): number {
  const share = refillMs / (ms + refillMs);
  // Sum the terms of the negative binomial with logarithms: for a large mean, the first is smaller than any double.
  let logTerm = arrivals * Math.log1p(-share);
  let below = Math.exp(logTerm);
  let stock = 1;
  while (below < serviceLevel && stock < max) {
    logTerm += Math.log(((arrivals + stock - 1) / stock) * share);
    below += Math.exp(logTerm);
    stock++;
  }
  return stock;
}
