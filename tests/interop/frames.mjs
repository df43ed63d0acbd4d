// Reads the serial protocol on its own, from the document alone: nothing here is shared with the program.

/** Kinds of message, as byte 0 has them in its low half. */
export const kind = { drive: 1, stop: 2, latch: 3, latchReset: 4, hello: 5, arm: 6, helloAck: 9, status: 10 };

/** CRC-32/AUTOSAR, a bit at a time: polynomial 0xF4ACFB13 reflected, all ones in and out. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xc8df352f : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Undoes COBS; `null` if it is none. */
export function unstuff(stuffed) {
  const plain = [];
  for (let at = 0; at < stuffed.length; ) {
    const code = stuffed[at];
    const end = at + code;
    if (code === 0 || end > stuffed.length) return null;
    plain.push(...stuffed.slice(at + 1, end));
    if (code < 0xff && end < stuffed.length) plain.push(0);
    at = end;
  }
  return Uint8Array.from(plain);
}

/** The message in the bytes between two zeros, or a word on why there is none. */
export function read(stuffed) {
  const plain = unstuff(stuffed);
  if (plain === null || plain.length < 6) return { bad: "stuffing" };
  const body = plain.subarray(0, -4);
  const view = new DataView(plain.buffer);
  if (crc32(body) !== view.getUint32(body.length, true)) return { bad: "checksum" };
  if (body[0] >> 4 !== 1) return { bad: "version" };
  const message = { kind: body[0] & 15, flags: body[1] };
  if (message.kind === kind.drive) {
    message.session = view.getUint32(2, true);
    message.seq = view.getUint16(6, true);
    message.tick = view.getUint32(8, true);
    message.ttl = view.getUint16(12, true);
    message.motors = shorts(view, 14, body.length - 2);
    [message.aux, message.epoch] = body.subarray(-2);
    message.still = message.motors.every((speed) => speed === 0);
  }
  if (message.kind === kind.status) {
    message.session = view.getUint32(2, true);
    message.tick = view.getUint32(6, true);
    const size = message.flags & 1 ? 6 : 2; // a motor has an output and perhaps a counter
    message.motors = shorts(view, 28, 28 + 2 * Math.floor((body.length - 28) / size));
    message.still = message.motors.every((speed) => speed === 0);
  }
  return message;
}

function shorts(view, from, to) {
  const values = [];
  for (let at = from; at < to; at += 2) values.push(view.getInt16(at, true));
  return values;
}

/** Collects bytes of one direction into messages, each with the time `t` of its last byte. */
export class Reader {
  messages = [];
  #bytes = [];
  /** What came before the first zero may be the end of anything. */
  #begun = false;

  push(t, bytes) {
    for (const byte of bytes) {
      if (byte !== 0) {
        this.#bytes.push(byte);
        continue;
      }
      if (this.#begun && this.#bytes.length > 0) this.messages.push({ t, ...read(this.#bytes) });
      this.#bytes = [];
      this.#begun = true;
    }
  }
}
