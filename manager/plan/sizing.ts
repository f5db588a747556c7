// How many terminals to keep ready for the next visitors. Pure.
//
// A pool is a stock: each claim takes a pod out of it and orders another, which is ready one refill time later, so that
// ready + starting stays at the spare. In inventory theory that is a one-for-one (S-1, S) base stock. With visitors who
// come at random (Poisson), the pods on order are Poisson distributed about arrival rate × mean refill time, whatever else
// is true of refill times (Palm 1943), and a visitor finds a ready pod when fewer than S are on order: Feeney and
// Sherbrooke, "The (S-1, S) inventory policy under compound Poisson demand", Management Science 12 (1966).
//
// The rate is not known, only estimated. With a gamma distribution of what it may be, the pods on order follow a negative
// binomial distribution (Gelman et al., Bayesian Data Analysis, 2.6), wider than the Poisson by just what the estimate
// does not know: few observations ask for more spares, many for as few as the Poisson does.

import type { ArrivalRate } from '../model/estimators/arrivals.ts';
import type { Spare } from '../model/settings.ts';

export type Demand = {
  inUse: number;
  /** Estimates of the arrival rate by different memories; the one that asks for most counts. */
  rates: readonly ArrivalRate[];
  /** Mean time from a claim to the Readiness of the pod that takes the place of the claimed one, in milliseconds. */
  refillMs: number;
};

/** Of a thousand visitors, 999 are to find a ready pod at once. */
export const serviceLevel = 0.999;

/** How many terminals `spare` means now, at most `max`. Unless it is zero, at least one: for the first visitor. */
export function spareFor(spare: Spare, { inUse, rates, refillMs }: Demand, max: number): number {
  if (typeof spare === 'number') return spare;
  if (spare !== 'auto') {
    const percent = Number.parseInt(spare, 10);
    return percent === 0 ? 0 : Math.max(1, Math.ceil((inUse * percent) / 100));
  }
  return Math.max(1, ...rates.map((rate) => baseStock(rate, refillMs, max)));
}

/** The smallest stock, from 1 to `max`, of which fewer are on order at `serviceLevel` of all moments. */
export function baseStock({ arrivals, ms }: ArrivalRate, refillMs: number, max: number): number {
  const share = refillMs / (ms + refillMs);
  // Terms of the negative binomial one after the other, as logarithms: the first is below any double for a large mean.
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
