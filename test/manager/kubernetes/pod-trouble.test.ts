import test from 'ava';
import { findTrouble, type RawPodStatus } from '../../../manager/kubernetes/pod-trouble.ts';

const notReady = {
  type: 'Ready',
  status: 'False',
  reason: 'ContainersNotReady',
  message: 'containers with unready status: [terminal]',
};
const scheduled = { type: 'PodScheduled', status: 'True' };

const found = test.macro<[RawPodStatus | undefined, string | undefined]>({
  title: (name = '') => name,
  exec(t, status, expected) {
    const trouble = findTrouble(status);
    t.is(trouble && [trouble.reason, trouble.message].join(': '), expected);
  },
});

test(
  'an image that cannot be pulled',
  found,
  {
    conditions: [scheduled, notReady],
    containerStatuses: [
      { state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x:1"' } } },
    ],
  },
  'ImagePullBackOff: Back-off pulling image "x:1"',
);

test(
  'a pod for which no node has room',
  found,
  {
    conditions: [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' },
    ],
  },
  'Unschedulable: 0/3 nodes are available',
);

test(
  'a crash loop, with how it last ended',
  found,
  {
    conditions: [scheduled, notReady],
    containerStatuses: [
      { state: { running: {} } },
      {
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
        lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } },
      },
    ],
  },
  'CrashLoopBackOff: ended (OOMKilled) with exit code 137; back-off 10s',
);

test(
  'a container that has just ended',
  found,
  {
    conditions: [scheduled, notReady],
    containerStatuses: [{ state: { terminated: { reason: 'Error', exitCode: 7, message: 'no tmux\n' } } }],
  },
  'Error: ended with exit code 7: no tmux',
);

test(
  'a container that has crashed and runs again, but is not ready yet',
  found,
  {
    conditions: [scheduled, notReady],
    containerStatuses: [
      { ready: true, state: { running: {} }, lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } } },
      { ready: false, state: { running: {} }, lastState: { terminated: { reason: 'Error', exitCode: 3 } } },
    ],
  },
  'Error: ended with exit code 3; it was started again',
);

test(
  'an init container that fails',
  found,
  {
    initContainerStatuses: [{ state: { waiting: { reason: 'CreateContainerConfigError', message: 'no secret "s"' } } }],
    containerStatuses: [{ state: { waiting: { reason: 'PodInitializing' } } }],
  },
  'CreateContainerConfigError: no secret "s"',
);

test(
  'a pod that was evicted',
  found,
  {
    reason: 'Evicted',
    message: 'The node was low on memory.',
    conditions: [scheduled],
  },
  'Evicted: The node was low on memory.',
);

test(
  'a pod that was evicted while its containers ran',
  found,
  {
    phase: 'Failed',
    reason: 'Evicted',
    message: 'The node was low on resource: ephemeral-storage.',
    conditions: [scheduled, notReady],
    containerStatuses: [{ state: { terminated: { reason: 'Error', exitCode: 137 } } }],
  },
  'Evicted: The node was low on resource: ephemeral-storage.',
);

test(
  'a pod whose containers have all come to their end',
  found,
  {
    phase: 'Succeeded',
    conditions: [scheduled, { ...notReady, reason: 'PodCompleted' }],
    containerStatuses: [{ state: { terminated: { reason: 'Completed', exitCode: 0 } } }],
  },
  'Completed: ended (Completed) with exit code 0',
);

test(
  'a container that runs and is not Ready',
  found,
  {
    conditions: [scheduled, notReady],
    containerStatuses: [{ state: { running: {} } as never }],
  },
  'ContainersNotReady: containers with unready status: [terminal]',
);

test(
  'a container that is about to be made says no more than that',
  found,
  {
    conditions: [scheduled, notReady],
    containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating' } } }],
  },
  'ContainersNotReady: containers with unready status: [terminal]',
);

test('no message', found, {}, undefined);
test('no status', found, undefined, undefined);

test('pod trouble: truncates a long message', (t) => {
  const message = 'x'.repeat(5_000);
  t.is(findTrouble({ containerStatuses: [{ state: { waiting: { reason: 'R', message } } }] })?.message.length, 300);
});

// Any process in a container can write to /dev/termination-log, whose text becomes the last message.
test('pod trouble: text of a visitor becomes one bounded line without control characters', (t) => {
  const message = `\u001b[2J\u009b31m\nWarning  Forged  kubelet \u202e${'x'.repeat(4_096)}`;
  const statuses: RawPodStatus[] = [
    { containerStatuses: [{ state: { terminated: { reason: 'Error\n\u001b', message, exitCode: 1 } } }] },
    {
      containerStatuses: [
        {
          state: { waiting: { reason: 'CrashLoopBackOff', message } },
          lastState: { terminated: { reason: '\u009bA', message, exitCode: 1 } },
        },
      ],
    },
    { reason: 'Evicted\n', message },
  ];
  for (const status of statuses) {
    const { reason = '', message = '' } = findTrouble(status) ?? {};
    t.notRegex(reason + message, /[\p{Cc}\p{Cf}]/u);
    t.true(message.length < 1_000 && message.includes('Warning Forged kubelet'), message);
  }
});
