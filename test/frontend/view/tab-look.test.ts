import test from 'ava';
import { type TabLook, tabIcon, tabTitle } from '../../../frontend/view/tab-look.ts';

const looks = test.macro({
  exec(t, look: Partial<TabLook>, title: string, icon: string) {
    const whole = { is: 'connected', title: 'vim', rang: false, ending: false, ...look } as const;
    t.is(tabTitle(whole), title);
    t.is(tabIcon(whole), icon as never);
  },
  title: (_, look) => `a tab of ${JSON.stringify(look)}`,
});

test(looks, {}, 'vim', 'usual');
test(looks, { title: '' }, 'warmterm', 'usual');
test(looks, { rang: true }, '🔔 vim', 'bell');
test(looks, { ending: true }, 'Closes soon · vim', 'warning');
test(looks, { ending: true, rang: true }, 'Closes soon · vim', 'warning');
test(looks, { is: 'connecting', title: '' }, 'Connecting · warmterm', 'wait');
test(looks, { is: 'queued', title: '', place: 3 }, 'Number 3 · warmterm', 'wait');
test(looks, { is: 'reconnecting' }, 'Reconnecting · vim', 'wait');
test(looks, { is: 'reconnecting', rang: true }, 'Reconnecting · vim', 'wait');
test(looks, { is: 'waiting', title: '' }, 'Waiting · warmterm', 'wait');
test(looks, { is: 'saving' }, 'Saving your work · vim', 'wait');
test(looks, { is: 'error', title: '' }, 'No terminal · warmterm', 'off');
test(looks, { is: 'ended' }, 'Ended · warmterm', 'off');
