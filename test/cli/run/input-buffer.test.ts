import test from 'ava';
import * as fc from 'fast-check';
import { InputBuffer, type InputPiece } from '../../../cli/run/input-buffer.ts';

const limits = { piece: 4, ahead: 2, kept: 10 };
const bytes = (text: string) => new Uint8Array(new TextEncoder().encode(text));
const shown = ({ offset, bytes, end }: InputPiece) => `${offset}:${Buffer.from(bytes)}${end ? '|' : ''}`;
const take = (buffer: InputBuffer): InputPiece[] => {
  const pieces = [];
  for (let piece = buffer.next(); piece; piece = buffer.next()) pieces.push(piece);
  return pieces;
};

test('input: sent in pieces, with a bounded number in transit', (t) => {
  const buffer = new InputBuffer(limits);
  buffer.push(bytes('abcdefghijk'));
  t.true(buffer.full);
  const pieces = take(buffer);
  t.deepEqual(pieces.map(shown), ['0:abcd', '4:efgh']);
  buffer.taken(pieces[0]!, 4);
  t.false(buffer.full);
  t.deepEqual(take(buffer).map(shown), ['8:ijk']);
});

test('input: the end is sent with the last piece, or alone', (t) => {
  const buffer = new InputBuffer(limits);
  buffer.push(bytes('ab'));
  buffer.end();
  t.deepEqual(take(buffer).map(shown), ['0:ab|']);
  const empty = new InputBuffer(limits);
  empty.end();
  const [end] = take(empty);
  t.is(shown(end!), '0:|');
  t.false(empty.done);
  empty.taken(end!, 0);
  t.true(empty.done);
  t.is(empty.next(), undefined);
});

test('input: after a reconnect it continues at the run’s offset', (t) => {
  const buffer = new InputBuffer(limits);
  buffer.push(bytes('abcdefgh'));
  buffer.end();
  take(buffer);
  buffer.rewind(3);
  t.deepEqual(take(buffer).map(shown), ['3:defg', '7:h|']);
});

test('input: a run with fewer bytes than it acknowledged is an error', (t) => {
  const buffer = new InputBuffer(limits);
  buffer.push(bytes('abcd'));
  buffer.taken(buffer.next()!, 4);
  t.throws(() => buffer.rewind(2), { message: /lost 2 bytes/ });
});

test('input: property: the run gets each byte once and in order, whatever is lost', (t) => {
  void fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 60 }),
      (chunks, faults) => {
        const buffer = new InputBuffer(limits);
        const got: number[] = [];
        let ended = false;
        let turn = 0;
        const waiting = [...chunks];
        while (!buffer.done) {
          const chunk = waiting.shift();
          if (chunk) buffer.push(new Uint8Array(chunk));
          else buffer.end();
          for (const piece of take(buffer)) {
            // 0: the piece is lost; 1: only its acknowledgement is lost; otherwise nothing is.
            const fault = turn < 200 ? faults[turn++ % faults.length] : 2;
            if (fault !== 0) {
              got.push(...piece.bytes.subarray(got.length - piece.offset));
              ended ||= piece.end;
            }
            if (fault === 0 || fault === 1) {
              buffer.rewind(got.length);
              break;
            }
            buffer.taken(piece, got.length);
          }
        }
        return ended && Buffer.from(got).equals(Buffer.concat(chunks));
      },
    ),
  );
  t.pass();
});
