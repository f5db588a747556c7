// A terminal pod double that speaks the protocol of common/runs.ts. It produces states that a real pod reaches only by accident.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { terminalParser } from '../../common/output-frames.ts';
import type {
  Answer,
  Follow,
  RunClientEvents,
  RunInput,
  RunServerEvents,
  RunStatus,
  StartRun,
} from '../../common/runs.ts';
import type { Teardown } from './webserver-listen.ts';

export type PodSocket = Socket<RunClientEvents, RunServerEvents>;

export type FakePod = {
  port: number;
  starts: StartRun[];
  follows: Follow[];
  inputs: RunInput[];
  signals: string[];
  sockets: Set<PodSocket>;
  /** Fields that replace those of every run's status. */
  about: Partial<RunStatus>;
  /** How many of the next pieces of input it refuses because its buffer is full. */
  refuseInputs: number;
  /** Called with each `follow`, after the answer. */
  onFollow: (socket: PodSocket, follow: Follow, nth: number) => void;
  /** Called with each `stop`, before the answer. */
  onStop: (socket: PodSocket, run: string) => void;
};

export async function startFakePod(t: Teardown): Promise<FakePod> {
  const server = createServer();
  const io = new Server<RunClientEvents, RunServerEvents>(server, {
    transports: ['websocket'],
    parser: terminalParser,
  });
  const pod: FakePod = {
    port: 0,
    starts: [],
    follows: [],
    inputs: [],
    signals: [],
    sockets: new Set(),
    about: {},
    refuseInputs: 0,
    onFollow: () => {},
    onStop: () => {},
  };
  const input = () => pod.inputs.reduce((most, { offset, bytes }) => Math.max(most, offset + bytes.length), 0);
  const status = (run: string): RunStatus => ({
    run,
    command: pod.starts[0]?.command ?? [],
    tty: false,
    detached: false,
    startedAt: new Date().toISOString(),
    output: { stdout: { from: 0, to: 0 }, stderr: { from: 0, to: 0 } },
    input: input(),
    ...pod.about,
  });
  const ok = <T>(value: T): Answer<T> => ({ ok: true, value });
  io.of('/runs').on('connection', (socket) => {
    pod.sockets.add(socket);
    socket.once('disconnect', () => pod.sockets.delete(socket));
    socket.on('start', (start, answer) => {
      pod.starts.push(start);
      answer(ok(status(start.run)));
    });
    socket.on('list', (answer) => answer(ok(pod.starts.map(({ run }) => status(run)))));
    socket.on('follow', (follow, answer) => {
      pod.follows.push(follow);
      answer(ok(status(follow.run)));
      pod.onFollow(socket, follow, pod.follows.length);
    });
    socket.on('input', (piece, answer) => {
      if (pod.refuseInputs > 0) {
        pod.refuseInputs -= 1;
        return answer({ ok: false, code: 'too-many-requests', message: 'There is no room.' });
      }
      if (piece.offset > input()) return answer({ ok: false, code: 'conflict', message: 'A gap.' });
      pod.inputs.push(piece);
      answer(ok(input()));
    });
    socket.on('signal', ({ signal }, answer) => {
      pod.signals.push(signal);
      answer(ok(null));
    });
    socket.on('stop', (run, answer) => {
      pod.signals.push('stop');
      pod.onStop(socket, run);
      answer(ok(null));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => io.close());
  pod.port = (server.address() as AddressInfo).port;
  return pod;
}
