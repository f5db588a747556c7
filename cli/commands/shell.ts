// warmterm shell: attaches this terminal to the visitor's.

import type { EndReason } from '../../common/socket.ts';
import { runLink } from '../connection/link.ts';
import { createLostNotice } from '../connection/lost-notice.ts';
import type { Context } from '../context.ts';
import { Failure, Interrupted } from '../failure.ts';
import { claimFor } from '../run/claim-for.ts';
import { createScreen, type TerminalSocket } from '../terminal/screen.ts';

const whyEnded: Record<string, string> = {
  idle: 'the terminal has ended: nobody typed for too long',
  lifetime: 'the terminal has ended: its time was over',
  processes: 'the terminal has ended: it had too many processes',
  administrator: 'the terminal was ended by an administrator',
  deleted: 'the terminal was deleted',
};

export async function shell(context: Context, { pool }: { pool?: string }): Promise<number> {
  const { say, stdin, stdout } = context;
  if (!stdin.isTTY || !stdout.isTTY)
    throw new Failure('shell needs a terminal on stdin and stdout. Use: warmterm exec -- COMMAND');
  const api = context.api();
  const leaving = new AbortController();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.once(signal, () => leaving.abort(new Interrupted(code)));
  const target = { pool };
  const first = await claimFor({ api, say }, target, leaving.signal);
  const notice = createLostNotice(say.line);
  const over = new AbortController();
  let reason: EndReason | undefined;
  const screen = createScreen({
    stdin,
    stdout,
    stays: false,
    onAttached: notice.back,
    onDetached: notice.lost,
    onEnded(why) {
      reason = why;
      over.abort();
    },
    onLeave: () => leaving.abort(new Interrupted(0)),
  });
  leaving.signal.addEventListener('abort', () => over.abort(), { once: true });
  if (leaving.signal.aborted) over.abort();
  try {
    await runLink(
      {
        api,
        target,
        first,
        namespace: '/',
        auth: () => ({ size: screen.size() }),
        prepare: (socket) => screen.join(socket as TerminalSocket),
        onConnected: () => {},
        onLost: notice.lost,
      },
      over.signal,
    );
  } finally {
    notice.close();
    screen.close();
  }
  if (leaving.signal.aborted) throw leaving.signal.reason;
  const why = reason && whyEnded[reason];
  if (why === undefined) return 0;
  throw new Failure(why);
}
