// The protocol of each web terminal, frame by frame, without a client library, which would be measured too.

import WebSocket from 'ws';
import { offerTicket } from '../../common/socket-protocol.ts';

export type Client = {
  types: (text: string) => void;
  /** Like `types`, and resolves once the terminal has acknowledged it; only for protocols with acknowledgements. */
  pastes?: (text: string) => Promise<void>;
  /** Called with each piece of output from now on. */
  onOutput: (listener: (bytes: Buffer) => void) => void;
  close: () => void;
};

export type Size = { cols: number; rows: number };
export type Connect = (at: { port: number; size: Size; ticket: () => Promise<string> }) => Promise<Client>;

/** socket.io over one WebSocket, as warmterm's page speaks it (common/socket.ts). */
export const warmterm: Connect = async ({ port, size, ticket }) => {
  const auth = JSON.stringify({ size });
  let every = Number.POSITIVE_INFINITY;
  let parsed = 0;
  let pasted = 0;
  const taken = new Map<string, () => void>();
  return open(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
    protocol: offerTicket(await ticket()),
    hear(data, binary, { say, output }) {
      if (binary) {
        output(data);
        parsed += data.length;
        if (parsed >= every) say(`42["acknowledge",${parsed}]`);
        if (parsed >= every) parsed = 0;
        return;
      }
      const text = data.toString();
      if (text.startsWith('0')) say(`40${auth}`);
      else if (text === '2') say('3');
      else if (text.startsWith('43')) taken.get(text.slice(2).replace(/\D.*/, ''))?.();
      else if (text.startsWith('42["attached"')) every = JSON.parse(text.slice(2))[1].acknowledgeEvery;
    },
    input: (text) => `42${JSON.stringify(['input', text])}`,
    acknowledged: (text, onTaken) => {
      const id = String(++pasted);
      taken.set(id, onTaken);
      return `42${id}${JSON.stringify(['input', text])}`;
    },
  });
};

/** A letter, then the data: https://github.com/tsl0922/ttyd/blob/main/src/server.h */
export const ttyd: Connect = ({ port, size }) =>
  open(`ws://127.0.0.1:${port}/ws`, {
    protocol: 'tty',
    first: Buffer.from(JSON.stringify({ AuthToken: '', columns: size.cols, rows: size.rows })),
    hear(data, _binary, { output }) {
      if (data[0] === 0x30) output(data.subarray(1));
    },
    input: (text) => Buffer.from(`0${text}`),
  });

/** socket.io with strings. The server expects an acknowledgement of parsed data, which its page sends every 256 KiB. */
export const wetty: Connect = ({ port, size }) => {
  const event = (...parts: unknown[]) => `42${JSON.stringify(parts)}`;
  let parsed = 0;
  return open(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
    hear(data, _binary, { say, output }) {
      const text = data.toString();
      if (text.startsWith('0')) say('40');
      else if (text === '2') say('3');
      else if (text.startsWith('40')) say(event('resize', size));
      if (!text.startsWith('42["data"')) return;
      const bytes = Buffer.from(JSON.parse(text.slice(2))[1]);
      output(bytes);
      parsed += bytes.length;
      if (parsed >= 262_144) say(event('commit', parsed));
      if (parsed >= 262_144) parsed = 0;
    },
    input: (text) => event('input', text),
  });
};

type Talk = { say: (frame: string | Buffer) => void; output: (bytes: Buffer) => void };
type Speech = {
  protocol?: string | string[];
  /** Sent as soon as the socket is open. */
  first?: Buffer;
  hear: (data: Buffer, binary: boolean, talk: Talk) => void;
  input: (text: string) => string | Buffer;
  acknowledged?: (text: string, onTaken: () => void) => string;
};

async function open(url: string, { protocol, first, hear, input, acknowledged }: Speech): Promise<Client> {
  const socket = new WebSocket(url, protocol, { perMessageDeflate: false });
  let listener: (bytes: Buffer) => void = () => {};
  const early: Buffer[] = [];
  const talk: Talk = { say: (frame) => socket.send(frame), output: (bytes) => listener(bytes) };
  listener = (bytes) => early.push(bytes);
  // Before the socket is open, so that data that arrives with the upgrade is not lost.
  socket.on('message', (data: Buffer, binary: boolean) => hear(data, binary, talk));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  if (first) socket.send(first);
  return {
    types: (text) => socket.send(input(text)),
    ...(acknowledged && {
      pastes: (text: string) => new Promise<void>((resolve) => socket.send(acknowledged(text, resolve))),
    }),
    onOutput(next) {
      listener = next;
      for (const bytes of early.splice(0)) next(bytes);
    },
    close: () => socket.terminate(),
  };
}
