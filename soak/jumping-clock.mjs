// Loaded into a manager before its program: its wall clock is as wrong as the file named by SOAK_CLOCK says, in
// milliseconds. Timers and the monotonic clock go on as they are, as when a real clock is adjusted.

import { readFileSync } from 'node:fs';

const RealDate = Date;
const file = process.env.SOAK_CLOCK;
let offset = 0;

const look = () => {
  offset = Number(readFileSync(file, 'utf8')) || 0;
};
look();
// A soak that is killed itself leaves no manager behind.
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
