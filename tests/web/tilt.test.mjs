// Tilt as a stick: the mathematics of attitudes, and every reason to be neutral.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { stick, Tilt, up } from "../../web/tilt.js";
import { FakeClock } from "./clock.mjs";

const near = (got, wanted, margin = 0.02) => assert.ok(Math.abs(got - wanted) < margin, `${got} is not ${wanted}`);
/** The stick of a phone that went from one attitude to another on a screen turned so far. */
const moved = ([b0, g0], [b1, g1], turned = 0) => stick(up(b0, g0, turned), up(b1, g1, turned));

/** Goal: right edge down is right, top edge down is forward, and back again. */
test("the four ways of a phone that lies flat", () => {
  const full = 28;
  near(moved([0, 0], [0, full]).x, 1);
  near(moved([0, 0], [0, -full]).x, -1);
  near(moved([0, 0], [-full, 0]).y, 1);
  near(moved([0, 0], [full, 0]).y, -1);
});

/** Goal: wherever a hand holds the phone when the thumb comes down, that is neutral. */
test("every attitude is neutral at its own start", () => {
  for (let beta = -170; beta <= 170; beta += 20) {
    for (let gamma = -80; gamma <= 80; gamma += 20) {
      for (const turned of [0, 90, 180, 270]) assert.deepEqual(moved([beta, gamma], [beta, gamma], turned), { x: 0, y: 0 });
    }
  }
});

/** Goal: the way is told from the start, not from the horizon. */
test("a phone held at 45 degrees drives forward from there", () => {
  const { x, y } = moved([45, 0], [31, 0]);
  near(x, 0);
  assert.ok(y > 0.3 && y < 0.6, String(y));
});

/** Goal: hands tremble; a robot does not. Outside the dead zone motion begins gently. */
test("the start has a dead zone with a continuous edge", () => {
  assert.deepEqual(moved([40, 0], [42, 2]), { x: 0, y: 0 });
  const { y } = moved([40, 0], [35.8, 0]);
  assert.ok(y > 0 && y < 0.05, String(y));
});

/** Goal: however far somebody tilts, it is full speed and no more. */
test("no attitude leaves the unit circle, and every number is one", () => {
  for (let beta = -180; beta <= 180; beta += 15) {
    for (let gamma = -90; gamma <= 90; gamma += 15) {
      for (const start of [[0, 0], [45, 0], [80, 10], [0, 89]]) {
        const { x, y } = moved(start, [beta, gamma]);
        assert.ok(Math.hypot(x, y) <= 1 + 1e-9, `${start} ${beta} ${gamma}: ${x} ${y}`);
      }
    }
  }
});

/** Goal: in landscape the screen's right is right, whichever way the phone was turned. */
test("the screen's own rotation is taken out", () => {
  // Turned counter-clockwise: the phone's right edge is the screen's top.
  near(moved([0, 0], [0, 28], 90).y, 1);
  near(moved([0, 0], [28, 0], 90).x, 1);
  near(moved([0, 0], [0, -28], 270).y, 1);
  near(moved([0, 0], [-28, 0], 270).x, 1);
});

/** Goal: a phone held upright steers like a wheel, where front-back and left-right angles jump. */
test("an upright phone has no jump at 90 degrees", () => {
  near(moved([80, 0], [94, 0]).y, moved([30, 0], [44, 0]).y);
  // The same attitude in the other numbers that browsers may use for it.
  near(moved([80, 0], [86, 180]).y, moved([80, 0], [94, 0]).y);
  near(moved([80, 0], [86, 180]).x, 0);
});

/** Goal: a phone on its side edge has no forward, so it asks for nothing. */
test("an attitude without a forward is neutral", () => {
  assert.deepEqual(moved([0, 0], [0, 89]), { x: 0, y: 0 });
});

let clock;
let tilt;
let hand;
let silences;

beforeEach(() => {
  clock = new FakeClock();
  hand = [];
  silences = [];
  tilt = new Tilt({ hold: (x, y) => hand.push([x, y]), release: () => hand.push("release") }, clock);
  tilt.onsilence = (never) => silences.push(never ? "never" : "silent");
});

const lean = (beta, gamma = 0) => tilt.sensed({ beta, gamma }, 0);

/** Goal: tilting alone never drives. */
test("without a thumb an attitude means nothing", async () => {
  lean(10);
  lean(-40);
  await clock.move(2000);
  assert.deepEqual([hand, silences], [[], []]);
});

/** Goal: the touch begins neutral, the tilt drives, lifting is neutral. */
test("a held thumb drives from where it came down", () => {
  tilt.press();
  lean(50);
  lean(36);
  tilt.lift();
  lean(10);
  assert.deepEqual(hand.slice(0, 2), [[0, 0], [0, 0]]);
  assert.ok(hand[2][1] > 0.3);
  assert.equal(hand[3], "release");
  assert.equal(hand.length, 4);
});

/** Goal: a phone without sensors, or one that forbids them, says so after a second. */
test("a thumb without any attitude is let go of after a second", async () => {
  tilt.press();
  tilt.sensed({ beta: null, gamma: null }, 0);
  tilt.alive();
  await clock.move(990);
  assert.deepEqual(silences, []);
  await clock.move(20);
  assert.deepEqual([hand.at(-1), silences, tilt.held], ["release", ["never"], false]);
});

/** Goal: sensors that fall silent while driving stop the robot, and a late word of theirs does not start it again. */
test("300 ms without the sensors are neutral until the thumb comes down anew", async () => {
  tilt.press();
  lean(50);
  lean(30);
  await clock.move(290);
  assert.equal(tilt.held, true);
  await clock.move(20);
  assert.deepEqual([hand.at(-1), silences], ["release", ["silent"]]);
  lean(30);
  assert.equal(hand.at(-1), "release");
  tilt.press();
  lean(30);
  assert.deepEqual(hand.at(-1), [0, 0]);
});

/** Goal: a phone held quite still goes on driving while its sensors live, but that is not believed for long. */
test("a still phone drives on for two seconds at most", async () => {
  tilt.press();
  lean(50);
  lean(30);
  for (let passed = 0; passed < 1900; passed += 100) {
    await clock.move(100);
    tilt.alive();
  }
  assert.equal(tilt.held, true);
  for (let passed = 0; passed < 300; passed += 50) {
    await clock.move(50);
    tilt.alive();
  }
  assert.deepEqual([tilt.held, silences], [false, ["silent"]]);
});
