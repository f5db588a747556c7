// Counts the output that has been parsed, and tells the terminal now and then. Pure.

/** Returns a function to call with each number of bytes parsed; it acknowledges them in lots of `every` or more. */
export function createAcknowledger(every: number, acknowledge: (bytes: number) => void): (bytes: number) => void {
  let pending = 0;
  return (bytes) => {
    pending += bytes;
    if (pending < every) return;
    acknowledge(pending);
    pending = 0;
  };
}
