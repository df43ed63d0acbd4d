// From a finger to the unit circle.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sum } from "../../web/pad.js";
import { caught } from "../../web/speed.js";
import { position } from "../../web/stick.js";

const close = (got, wanted) =>
  assert.ok(Math.abs(got.x - wanted.x) < 1e-9 && Math.abs(got.y - wanted.y) < 1e-9, JSON.stringify(got));

/** Goal: up on the glass is forward, right is right. */
test("the glass's directions are the robot's", () => {
  close(position(0, -100, 100), { x: 0, y: 1 });
  close(position(0, 100, 100), { x: 0, y: -1 });
  close(position(100, 0, 100), { x: 1, y: 0 });
  close(position(-100, 0, 100), { x: -1, y: 0 });
});

/** Goal: a finger far outside the ring asks for full speed, not for more. */
test("no finger leaves the unit circle, and the direction stays", () => {
  for (let angle = 0; angle < 6.28; angle += 0.1) {
    for (const reach of [0, 3, 9, 50, 99.9, 100, 101, 5000]) {
      const { x, y } = position(Math.cos(angle) * reach, -Math.sin(angle) * reach, 100);
      assert.ok(Math.hypot(x, y) <= 1 + 1e-12);
      if (Math.hypot(x, y) > 0) assert.ok(Math.abs(Math.atan2(y, x) - Math.atan2(Math.sin(angle), Math.cos(angle))) < 1e-9);
    }
  }
});

/** Goal: a thumb that rests on the centre does not creep, and motion begins gently outside it. */
test("the centre is dead and its edge is continuous", () => {
  assert.deepEqual(position(5, 5, 100), { x: 0, y: 0 });
  const { y } = position(0, -8.5, 100);
  assert.ok(y > 0 && y < 0.01);
});

/** Goal: a ring without a size (hidden, not laid out) never yields a number that moves something. */
test("a stick without a size stays neutral", () => {
  assert.deepEqual(position(0, 0, 0), { x: 0, y: 0 });
});

/** Goal: two buttons make a curve, opposite ones nothing. */
test("direction buttons add up inside the circle", () => {
  close(sum(["up"]), { x: 0, y: 1 });
  close(sum(["up", "left"]), { x: -Math.SQRT1_2, y: Math.SQRT1_2 });
  close(sum(["left", "right"]), { x: 0, y: 0 });
  close(sum(["stop", "toString"]), { x: 0, y: 0 });
});

/** Goal: the marks catch the slider only from nearby. */
test("slow, normal and full catch the slider", () => {
  assert.deepEqual([33, 37, 64, 98, 50, 10].map(caught), [35, 35, 65, 100, 50, 10]);
});
