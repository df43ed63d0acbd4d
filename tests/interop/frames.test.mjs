// The decoder of the other tests reads what is published, and nothing that is damaged.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Reader, crc32 } from "./frames.mjs";

const PUBLISHED = "00 04 11 01 42 04 3c 9a 07 04 40 e2 01 02 e6 05 2c 01 d4 fe 06 05 13 a1 48 78 00";
const wire = () => PUBLISHED.split(" ").map((byte) => Number.parseInt(byte, 16));

test("the checksum has its published check value", () => {
  assert.equal(crc32(Buffer.from("123456789")), 0x1697d06a);
});

test("the published sample frame is read field by field", () => {
  const reader = new Reader();
  reader.push(7, [0x55, 0x11, ...wire()]);
  assert.deepEqual(reader.messages, [
    {
      t: 7,
      kind: 1,
      flags: 1,
      session: 0x9a3c0042,
      seq: 7,
      tick: 123456,
      ttl: 230,
      motors: [300, -300],
      aux: 0,
      epoch: 5,
      still: false,
    },
  ]);
});

test("a frame with any one bit changed is no message", () => {
  const { length } = wire();
  for (let bit = 8; bit < (length - 1) * 8; bit += 1) {
    const damaged = wire();
    damaged[bit >> 3] ^= 1 << (bit & 7);
    const reader = new Reader();
    reader.push(0, damaged);
    for (const message of reader.messages) assert.ok(message.bad, `bit ${bit}`);
  }
});
