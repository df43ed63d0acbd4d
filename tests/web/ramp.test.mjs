// Keys that move as a hand would, in virtual time.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Ramp, towards } from "../../web/ramp.js";
import { FakeClock } from "./clock.mjs";

let clock;
let told;
let ramp;
const AHEAD = { x: 0, y: 1, strafe: 0 };
const last = () => told.at(-1);

beforeEach(() => {
  clock = new FakeClock();
  told = [];
  ramp = new Ramp({ hold: (x, y, strafe, pace) => told.push({ x, y, strafe, pace }), release: () => told.push("release") }, clock);
});

/** Goal: a key begins at once and gently, and is at full after a quarter of a second. */
test("a pressed key reaches full over a quarter of a second", async () => {
  ramp.aim(AHEAD, null);
  assert.ok(last().y > 0 && last().y <= 0.1, `${last().y}`);
  let before = 0;
  for (let step = 0; step < 10; step += 1) {
    assert.ok(last().y >= before && last().y - before < 0.2, "no jump");
    before = last().y;
    await clock.move(20);
  }
  assert.ok(last().y < 1);
  await clock.move(60);
  assert.equal(last().y, 1);
  const { length } = told;
  await clock.move(1000);
  assert.equal(told.length, length, "what has arrived needs no timer");
});

/** Goal: letting go stops in the same moment, wherever the ramp is. */
for (const held of [0, 60, 1000]) {
  test(`all keys up after ${held} ms is neutral at once and stays so`, async () => {
    ramp.aim(AHEAD, null);
    await clock.move(held);
    ramp.release();
    assert.equal(last(), "release");
    const { length } = told;
    await clock.move(1000);
    assert.equal(told.length, length);
    ramp.aim(AHEAD, null);
    assert.ok(last().y <= 0.1, "the next press begins anew");
    ramp.release();
    const said = told.length;
    ramp.release();
    assert.equal(told.length, said, "what is not held cannot be let go of");
  });
}

/** Goal: one key up of two goes back quickly, not by a jump, and the other stays. */
test("one of two keys returns in an eighth of a second", async () => {
  ramp.aim({ x: -0.6, y: 0.8, strafe: 0 }, null);
  await clock.move(300);
  ramp.aim({ x: 0, y: 0.8, strafe: 0 }, null);
  await clock.move(40);
  assert.ok(last().x < 0 && last().x > -0.6, `${last().x}`);
  await clock.move(60);
  assert.deepEqual([last().x, last().y], [0, 0.8]);
});

/** Goal: the other direction goes through rest: back quickly, out gently. */
test("a change of direction passes through rest", async () => {
  ramp.aim(AHEAD, null);
  await clock.move(300);
  ramp.aim({ x: 0, y: -1, strafe: 0 }, null);
  assert.ok(last().y > 0.8 && last().y < 1, `${last().y}`);
  await clock.move(120);
  assert.ok(Math.abs(last().y) < 0.1, `${last().y}`);
  await clock.move(120);
  assert.ok(last().y < -0.4 && last().y > -0.6, `${last().y}`);
  await clock.move(140);
  assert.equal(last().y, -1);
});

/** Goal: Shift is heard at once, while the ramp goes on. */
test("the pace changes while keys are down", async () => {
  ramp.aim(AHEAD, null);
  await clock.move(100);
  const { y } = last();
  ramp.aim(AHEAD, "slow");
  assert.equal(last().pace, "slow");
  assert.ok(last().y >= y);
});

/** Goal: however late a timer is, a wish is never passed and never leaves its range. */
test("a late timer overshoots nothing", () => {
  for (const value of [-1, -0.3, 0, 0.7, 1]) {
    for (const wanted of [-1, -0.7, 0, 0.2, 1]) {
      assert.equal(towards(value, wanted, 10_000), wanted);
      const between = towards(value, wanted, 30);
      assert.ok(between >= Math.min(value, wanted) && between <= Math.max(value, wanted), `${value} ${wanted} ${between}`);
    }
  }
});
