// Two thumbs as one stick, on fake glass.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** Something with listeners, as far as a stick looks at it. */
class Glass {
  listeners = new Map();
  style = {};
  offsetWidth = 40;
  offsetHeight = 40;
  classList = { add() {}, remove() {} };
  orientation = undefined;

  constructor(knob) {
    this.knob = knob;
  }

  addEventListener(name, run) {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), run]);
  }

  querySelector() {
    return this.knob;
  }

  getBoundingClientRect() {
    return { left: 0, top: 0, width: 240, height: 140 };
  }

  setPointerCapture() {}

  hasPointerCapture() {
    return false;
  }

  /** One finger, right and below of the middle. */
  say(name, right = 0, below = 0) {
    const event = { pointerId: 1, button: 0, clientX: 120 + right, clientY: 70 + below, preventDefault() {} };
    for (const run of this.listeners.get(name) ?? []) run(event);
  }
}

globalThis.document = new Glass();
globalThis.screen = new Glass();
globalThis.addEventListener ??= () => {};
const { ALONE, CROSS, SLIDE, TANK, Thumbs } = await import("../../web/thumbs.js");

let ahead;
let aside;
let told;
let thumbs;

beforeEach(() => {
  [ahead, aside] = [new Glass(new Glass()), new Glass(new Glass())];
  told = [];
  thumbs = new Thumbs(ahead, aside, { hold: (x, y, strafe) => told.push(strafe === undefined ? [x, y] : [x, y, strafe]), release: () => told.push("release") }, CROSS);
});

/** Goal: a thumb moves its own direction only, however it slips. */
test("each thumb moves one direction", () => {
  ahead.say("pointerdown");
  ahead.say("pointermove", 90, -50);
  assert.deepEqual(told.at(-1), [0, 1]);
  ahead.say("pointerup");
  aside.say("pointerdown");
  aside.say("pointermove", 100, -60);
  assert.deepEqual(told.at(-1), [1, 0]);
});

/** Goal: two full pushes ask for no more than one stick can. */
test("both thumbs stay in the unit circle", () => {
  ahead.say("pointerdown", 0, -50);
  aside.say("pointerdown", -100, 0);
  const [x, y] = told.at(-1);
  assert.ok(Math.abs(x + Math.SQRT1_2) < 1e-9 && Math.abs(y - Math.SQRT1_2) < 1e-9, `${x} ${y}`);
});

/** Goal: lifting one thumb rests its direction, lifting both lets go, by whatever way they leave. */
for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
  test(`${end} of one thumb leaves the other, of both nothing`, () => {
    ahead.say("pointerdown", 0, -50);
    aside.say("pointerdown", 100, 0);
    ahead.say(end);
    assert.deepEqual(told.at(-1), [1, 0]);
    aside.say(end);
    assert.equal(told.at(-1), "release");
  });
}

/** Goal: in a tank each thumb has its side: both forward is straight, one alone turns about the other. */
test("tank thumbs have a side each", () => {
  thumbs.how = TANK;
  ahead.say("pointerdown", 80, -50);
  assert.deepEqual(told.at(-1), [0.5, 0.5]);
  aside.say("pointerdown", 80, -50);
  assert.deepEqual(told.at(-1), [0, 1]);
  aside.say("pointermove", 0, 50);
  assert.deepEqual(told.at(-1), [1, 0]);
  ahead.say("pointerup");
  assert.deepEqual(told.at(-1), [0.5, -0.5]);
  aside.say("pointerup");
  assert.equal(told.at(-1), "release");
});

/** Goal: on a robot that goes sideways one thumb moves it any way and the other turns it. */
test("sliding thumbs move and turn", () => {
  thumbs.how = SLIDE;
  ahead.say("pointerdown", 50, 0);
  assert.deepEqual(told.at(-1).map((value) => Math.abs(value)), [0, 0, 1]);
  assert.ok(told.at(-1)[2] > 0, "right is right");
  aside.say("pointerdown", -100, 0);
  assert.deepEqual(told.at(-1).map((value) => value + 0), [-1, 0, 1]);
  ahead.say("pointermove", 0, -50);
  assert.deepEqual(told.at(-1).map((value) => value + 0), [-1, 1, 0]);
});

/** Goal: a stick whose meaning changes under a thumb lets go; the same meaning again changes nothing. */
test("another meaning drops the thumbs", () => {
  thumbs.how = ALONE;
  ahead.say("pointerdown", 0, -50);
  assert.deepEqual(told.at(-1).map((value) => value + 0), [0, 1]);
  thumbs.how = ALONE;
  assert.notEqual(told.at(-1), "release");
  thumbs.how = SLIDE;
  assert.equal(told.at(-1), "release");
});
