// A deadline that can be combined with other signals. Node loses AbortSignal.timeout among the sources of AbortSignal.any: when nothing
// else references it, it is garbage-collected and never fires (nodejs/node, issue 57736).

export type Deadline = {
  /** Aborted with a TimeoutError after the time, or with a source's reason as soon as that source is aborted. */
  signal: AbortSignal;
  /** Whether the time has passed. */
  readonly passed: boolean;
  /** Starts the time again. */
  refresh(): void;
  /** Stops the timer and removes the listeners. Call it once the operation is over. */
  clear(): void;
};

export function startDeadline(ms: number, ...sources: (AbortSignal | undefined)[]): Deadline {
  const controller = new AbortController();
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    clear();
  }, ms);
  const follow = (event: Event) => {
    controller.abort((event.target as AbortSignal).reason);
    clear();
  };
  function clear(): void {
    clearTimeout(timer);
    for (const source of sources) source?.removeEventListener('abort', follow);
  }
  for (const source of sources) {
    source?.addEventListener('abort', follow, { once: true });
    if (source?.aborted) controller.abort(source.reason);
  }
  if (controller.signal.aborted) clear();
  return {
    signal: controller.signal,
    get passed() {
      return passed;
    },
    refresh: () => void timer.refresh(),
    clear,
  };
}
