// Encodes output as a single frame that holds only its bytes. The default parser sends two, the first with the event's name, and a key's
// echo would have to wait for both. Everything else is socket.io's default, including bytes in other events and namespaces (runs.ts):
// they follow a text frame with their count.
// Source: https://socket.io/docs/v4/custom-parser/ https://socket.io/docs/v4/socket-io-protocol/

import { Decoder, Encoder, type Packet, PacketType } from 'socket.io-parser';

class OutputEncoder extends Encoder {
  override encode(packet: Packet): unknown[] {
    const { type, nsp, data } = packet;
    const isOutput = type === PacketType.EVENT && nsp === '/' && data?.[0] === 'output';
    return isOutput ? [data[1]] : super.encode(packet);
  }
}

/** The number of binary frames that belong to a text frame: of a BINARY_EVENT or BINARY_ACK. */
const attachments = /^[56](\d+)-/;

class OutputDecoder extends Decoder {
  #attachments = 0;

  override add(frame: unknown): void {
    if (typeof frame === 'string') {
      this.#attachments = Number(attachments.exec(frame)?.[1] ?? 0);
      super.add(frame);
    } else if (this.#attachments > 0) {
      this.#attachments -= 1;
      super.add(frame);
    } else this.emitReserved('decoded', { type: PacketType.EVENT, nsp: '/', data: ['output', frame] });
  }
}

/** `parser` of a terminal's server. It reads what browsers send by the default format. */
export const terminalParser = { Encoder: OutputEncoder, Decoder };
/** `parser` of the clients of a terminal. */
export const browserParser = { Encoder, Decoder: OutputDecoder };
