import test from 'ava';
import { type Packet, PacketType } from 'socket.io-parser';
import { browserParser, terminalParser } from '../../common/output-frames.ts';

const event = (...data: unknown[]): Packet => ({ type: PacketType.EVENT, nsp: '/', data });

function decode(frames: unknown[]): Packet[] {
  const decoder = new browserParser.Decoder();
  const packets: Packet[] = [];
  decoder.on('decoded', (packet: Packet) => packets.push(packet));
  for (const frame of frames) decoder.add(frame);
  return packets;
}

test('output-frames: output is one frame with only its bytes, and round-trips', (t) => {
  const bytes = Buffer.from('\x1b[1mbold\xff');
  const frames = new terminalParser.Encoder().encode(event('output', bytes));
  t.deepEqual(frames, [bytes]);
  t.deepEqual(decode(frames), [event('output', bytes)]);
});

test('output-frames: encodes other events as socket.io’s default parser does', (t) => {
  for (const packet of [event('attached', { name: 'default-0' }), event('ended', 'exit'), event('ending', null)]) {
    const frames = new terminalParser.Encoder().encode(packet);
    t.deepEqual(
      frames.map((frame) => typeof frame),
      ['string'],
    );
    t.deepEqual(decode(frames), [packet]);
  }
});

test('output-frames: a terminal decodes binary input of a browser', (t) => {
  const bytes = Buffer.from([0x1b, 0x5b, 0x4d, 0xff]);
  const decoder = new terminalParser.Decoder();
  const packets: Packet[] = [];
  decoder.on('decoded', (packet: Packet) => packets.push(packet));
  for (const frame of new browserParser.Encoder().encode(event('input', bytes))) decoder.add(frame);
  t.deepEqual(
    packets.map(({ data }) => data),
    [['input', bytes]],
  );
});

test('output-frames: binary events and acks of other namespaces arrive intact between output', (t) => {
  const bytes = Buffer.from([0, 1, 0xff]);
  const encoder = new terminalParser.Encoder();
  const piece: Packet = {
    type: PacketType.EVENT,
    nsp: '/runs',
    data: ['output', { run: 'abcdefgh', offset: 3, bytes }],
  };
  const answer: Packet = { type: PacketType.ACK, nsp: '/runs', id: 1, data: [bytes, bytes] };
  const output = event('output', bytes);
  const frames = [output, piece, output, answer, output].flatMap((packet) => encoder.encode(packet));
  t.deepEqual(
    decode(frames).map(({ type, nsp, data }) => [type, nsp, data]),
    [
      [PacketType.EVENT, '/', ['output', bytes]],
      [PacketType.EVENT, '/runs', ['output', { run: 'abcdefgh', offset: 3, bytes }]],
      [PacketType.EVENT, '/', ['output', bytes]],
      [PacketType.ACK, '/runs', [bytes, bytes]],
      [PacketType.EVENT, '/', ['output', bytes]],
    ],
  );
});
