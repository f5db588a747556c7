// Loaded into a manager before its program. Its wall clock is wrong by the milliseconds in the file that SOAK_CLOCK names.
// Timers and the monotonic clock are unchanged, as when a real clock is adjusted.

import { readFileSync } from 'node:fs';

const RealDate = Date;
const file = process.env.SOAK_CLOCK;
let offset = 0;

const look = () => {
  offset = Number(readFileSync(file, 'utf8')) || 0;
};
look();
// A soak that is killed leaves no manager behind.
const parent = Number(process.env.SOAK_PARENT);
setInterval(() => (process.ppid === parent ? look() : process.exit(1)), 200).unref();

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length > 0) super(...given);
    else super(RealDate.now() + offset);
  }

  static now() {
    return RealDate.now() + offset;
  }
};
