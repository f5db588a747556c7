// A deadline that may be joined with other signals. AbortSignal.timeout among the sources of AbortSignal.any is lost by Node
// when nothing else holds on to it: it is collected as garbage, and never goes off (nodejs/node, issue 57736).

export type Deadline = {
  /** Aborted with a TimeoutError when the time is over, or as soon as a source is, with its reason. */
  signal: AbortSignal;
  /** Whether it was the time. */
  readonly passed: boolean;
  /** The time begins anew. */
  refresh(): void;
  /** To be called when nobody waits any more. */
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
