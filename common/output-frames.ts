// Output is one frame: its bytes, and nothing else. By the default parser it would be two, with the name of the event in the
// first, and a key's echo would have to wait for both. Everything else is as socket.io has it; no other event of the server
// holds bytes. Source: https://socket.io/docs/v4/custom-parser/

import { Decoder, Encoder, type Packet, PacketType } from 'socket.io-parser';

class OutputEncoder extends Encoder {
  override encode(packet: Packet): unknown[] {
    const { type, data } = packet;
    return type === PacketType.EVENT && data?.[0] === 'output' ? [data[1]] : super.encode(packet);
  }
}

class OutputDecoder extends Decoder {
  override add(frame: unknown): void {
    if (typeof frame === 'string') super.add(frame);
    else this.emitReserved('decoded', { type: PacketType.EVENT, nsp: '/', data: ['output', frame] });
  }
}

/** `parser` of a terminal's server. What a browser sends is as usual. */
export const terminalParser = { Encoder: OutputEncoder, Decoder };
/** `parser` of whoever connects to a terminal. */
export const browserParser = { Encoder, Decoder: OutputDecoder };
