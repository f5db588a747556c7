// Says that the line is lost, but only when it is for longer than people would want to know. Timers are passed in.

export type LostNotice = { lost(): void; back(): void; close(): void };

/** Most drops are over before anybody has noticed. */
export const quietMs = 2_000;

export function createLostNotice(
  say: (text: string) => void,
  later: (run: () => void, ms: number) => () => void = (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
): LostNotice {
  let cancel: (() => void) | undefined;
  let told = false;
  return {
    lost() {
      cancel ??= later(() => {
        told = true;
        say('the line is lost; the command goes on meanwhile. Reconnecting …');
      }, quietMs);
    },
    back() {
      cancel?.();
      cancel = undefined;
      if (told) say('reconnected');
      told = false;
    },
    close() {
      cancel?.();
      cancel = undefined;
    },
  };
}
