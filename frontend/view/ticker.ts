// Calls something several times a second while it is needed, for countdowns.

const everyMs = 200;

/** `run(true)` calls `tick` at once and then regularly, `run(false)` calls it once more and stops. */
export function createTicker(tick: () => void): { run: (on: boolean) => void } {
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    run(on) {
      clearInterval(timer);
      timer = on ? setInterval(tick, everyMs) : undefined;
      tick();
    },
  };
}
