import test from 'ava';
import { type TabLook, tabIcon, tabTitle } from '../../../frontend/view/tab-look.ts';

const looks = test.macro({
  exec(t, look: Partial<TabLook>, title: string, icon: string) {
    const whole = { is: 'connected', title: 'vim', rang: false, ...look } as const;
    t.is(tabTitle(whole), title);
    t.is(tabIcon(whole), icon as never);
  },
  title: (_, look) => `a tab of ${JSON.stringify(look)}`,
});

test(looks, {}, 'vim', 'usual');
test(looks, { title: '' }, 'warmterm', 'usual');
test(looks, { rang: true }, '🔔 vim', 'bell');
test(looks, { is: 'connecting', title: '' }, 'warmterm', 'usual');
test(looks, { is: 'reconnecting' }, 'Reconnecting · vim', 'off');
test(looks, { is: 'reconnecting', rang: true }, 'Reconnecting · vim', 'off');
test(looks, { is: 'waiting', title: '' }, 'Waiting · warmterm', 'off');
test(looks, { is: 'ended' }, 'Ended · warmterm', 'off');
