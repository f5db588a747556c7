// Reports a lost connection, but not a short interruption. Timers are passed in.

export type LostNotice = { lost(): void; back(): void; close(): void };

/** Most interruptions are shorter. */
export const quietMs = 2_000;

export function createLostNotice(
  say: (text: string) => void,
  later: (run: () => void, ms: number) => () => void = (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
): LostNotice {
  let cancel: (() => void) | undefined;
  let reported = false;
  return {
    lost() {
      cancel ??= later(() => {
        reported = true;
        say('connection lost; the command keeps running. Reconnecting …');
      }, quietMs);
    },
    back() {
      cancel?.();
      cancel = undefined;
      if (reported) say('reconnected');
      reported = false;
    },
    close() {
      cancel?.();
      cancel = undefined;
    },
  };
}
