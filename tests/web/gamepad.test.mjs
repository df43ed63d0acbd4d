// When a pad at the browser may drive, with pads that lie, die and vanish, in virtual time.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { nameOf, PadHand } from "../../web/gamepad.js";
import { FakeClock } from "./clock.mjs";

const EAST = 1;
const NORTH = 3;
const [SLOW, FULL, SELECT, START] = [4, 5, 8, 9];

let clock;
let told;
let hand;
let pad;
let heard;

/** A pad as a browser tells of it; whatever it says advances its own time. */
class Pad {
  index = 0;
  id = "Some Pad (STANDARD GAMEPAD Vendor: 045e Product: 02fd)";
  mapping = "standard";
  connected = true;
  timestamp = 0;
  axes = [0, 0, 0, 0];
  buttons = Array.from({ length: 17 }, () => ({ pressed: false, value: 0 }));

  /** Right and forward of the left stick, then of the right one. */
  push(x, y, aside = 0, ahead = 0) {
    this.axes = [x, -y, aside, -ahead];
    this.timestamp = clock.now();
  }

  press(button, pressed = true) {
    this.buttons[button] = { pressed, value: Number(pressed) };
    this.timestamp = clock.now();
  }
}

/** The page looks once a frame. */
async function run(ms, pads = [pad]) {
  for (let passed = 0; passed < ms; passed += 16) {
    hand.look(pads);
    await clock.move(16);
  }
}

/** A pad that rests and has said so. */
async function armed() {
  pad.push(0, 0);
  await run(50);
  told = [];
}

const drives = () => told.some((one) => one !== "release");

beforeEach(() => {
  clock = new FakeClock();
  told = [];
  heard = [];
  pad = new Pad();
  hand = new PadHand({ hold: (...what) => told.push(what), release: () => told.push("release") }, clock);
  hand.onstop = () => heard.push("stop");
  hand.onseat = () => heard.push("seat");
  hand.onreset = (down) => heard.push(down ? "reset" : "no reset");
  hand.onsilence = () => heard.push("silence");
  hand.onmet = (name, known) => heard.push(`${name} ${known}`);
});

/** Goal: a stick pushed forward drives forward, and its rest lets go. */
test("a pad that was seen at rest drives, and lets go at rest", async () => {
  await armed();
  assert.equal(hand.pad.ready, true);
  pad.push(0, 1);
  await run(50);
  assert.deepEqual(told.at(-1), [0, 1, 0, null]);
  pad.push(0.05, -0.05);
  await run(50);
  assert.equal(told.at(-1), "release");
  const { length } = told;
  await run(500);
  assert.equal(told.length, length);
});

/** Goal: an axis that starts at its stop, as triggers and broken drivers do, moves nothing however long it stays there. */
for (const timestamp of [0, 1]) {
  test(`a pad that starts at full deflection with timestamp ${timestamp} drives nothing until it was at rest`, async () => {
    pad.axes = [-1, -1, -1, -1];
    pad.timestamp = timestamp;
    await run(500);
    pad.push(-1, 0.9, 1, 1);
    await run(500);
    assert.deepEqual([told, hand.pad.ready], [[], false]);
    pad.push(0, 0);
    await run(50);
    pad.push(0, 0.9);
    await run(50);
    assert.ok(drives());
  });
}

/** Goal: zeros that no pad has said are no rest: a browser fills them in until the first report. */
test("rest counts only after the pad has said something", async () => {
  await run(200);
  assert.equal(hand.pad.ready, false);
  pad.push(0, 1);
  await run(200);
  assert.deepEqual(told, []);
  pad.push(0, 0);
  await run(50);
  assert.equal(hand.pad.ready, true);
});

/** Goal: a pad that is gone lets go in the same moment, and must rest anew when it is back. */
for (const [what, gone] of [
  ["vanishes from the list", () => hand.look([null, null])],
  ["is not connected any more", () => hand.look([Object.assign(pad, { connected: false })])],
  ["is told to be disconnected", () => hand.lose()],
  ["becomes another at the same place", () => hand.look([Object.assign(new Pad(), { id: "Other", axes: [0, -1, 0, 0] })])],
  ["has no known buttons any more", () => hand.look([Object.assign(pad, { mapping: "" })])],
]) {
  test(`a pad that ${what} lets go at once`, async () => {
    await armed();
    pad.push(0, 1);
    await run(96);
    assert.ok(drives());
    gone();
    assert.equal(told.at(-1), "release");
    told = [];
    Object.assign(pad, { connected: true, mapping: "standard" });
    pad.push(0, 0.9);
    await run(300);
    assert.deepEqual(told, [], "it is back, but was not at rest");
    pad.push(0, 0);
    await run(50);
    pad.push(0, 1);
    await run(50);
    assert.ok(drives());
  });
}

/** Goal: a wireless pad that died under a thumb repeats its last word; that is believed for 3 s. */
test("a held pad that says nothing new for 3 s lets go until it was at rest", async () => {
  await armed();
  pad.push(0, 1);
  // On Windows and macOS browsers take the time anew at every look; it proves no hand.
  for (let passed = 0; passed < 2880; passed += 96) {
    pad.timestamp = clock.now();
    await run(96);
  }
  assert.notEqual(told.at(-1), "release");
  pad.timestamp = clock.now();
  await run(150);
  assert.equal(told.at(-1), "release");
  assert.ok(heard.includes("silence"));
  told = [];
  await run(5000);
  pad.push(0, 0.8);
  await run(500);
  assert.deepEqual([told, hand.pad.ready], [[], false]);
  pad.push(0, 0);
  await run(50);
  pad.push(0, 1);
  await run(50);
  assert.ok(drives());
});

/** Goal: a stick that is held with a living hand trembles, and drives for as long as it likes. */
test("a pad that goes on talking drives on, and one that rests may be silent for ever", async () => {
  await armed();
  for (let step = 0; step < 10; step += 1) {
    pad.push(0, 1 - (step % 2) / 100);
    await run(1000);
  }
  assert.ok(!told.includes("release"));
  pad.push(0, 0);
  await run(60_000);
  told = [];
  pad.push(0, 1);
  await run(50);
  assert.ok(drives());
});

/** Goal: frames stop when a window is covered; what is not looked at does not drive. */
test("a pad that nobody looks at lets go within 250 ms, until it was at rest", async () => {
  await armed();
  pad.push(0, 1);
  await run(50);
  await clock.move(200);
  assert.notEqual(told.at(-1), "release");
  await clock.move(60);
  assert.equal(told.at(-1), "release");
  told = [];
  pad.push(0, 0.9);
  await run(200);
  assert.deepEqual(told, []);
});

/** Goal: STOP is said once for a press, at any time, even if that press is how the browser found the pad. */
test("the right button is STOP, once a press", async () => {
  pad.press(EAST);
  await run(300);
  assert.deepEqual(heard.filter((what) => what === "stop"), ["stop"]);
  pad.press(EAST, false);
  await run(50);
  pad.push(1, 1);
  pad.press(EAST);
  await run(50);
  assert.deepEqual(heard.filter((what) => what === "stop"), ["stop", "stop"]);
});

/** Goal: the top button is the seat; held since before the page looked, it means nothing. */
test("the top button is told once a press", async () => {
  pad.press(NORTH);
  await run(100);
  assert.ok(!heard.includes("seat"));
  pad.press(NORTH, false);
  await run(50);
  pad.press(NORTH);
  await run(100);
  assert.deepEqual(heard.filter((what) => what === "seat"), ["seat"]);
});

/** Goal: the reset is two buttons held together; either up, or the pad gone, ends it. */
for (const [what, end] of [
  ["select", () => pad.press(SELECT, false)],
  ["start", () => pad.press(START, false)],
  ["the pad", () => (pad.connected = false)],
]) {
  test(`select and start together reset until ${what} is let go`, async () => {
    await armed();
    pad.press(SELECT);
    await run(96);
    assert.ok(!heard.includes("reset"));
    pad.press(START);
    await run(96);
    assert.equal(heard.at(-1), "reset");
    end();
    await run(32);
    assert.equal(heard.at(-1), "no reset");
  });
}

/** Goal: two buttons that were down before anybody looked begin no reset. */
test("a reset begins with a press", async () => {
  pad.press(SELECT);
  pad.press(START);
  await run(3000);
  assert.ok(!heard.includes("reset"));
});

/** Goal: a shoulder button is another speed while it is held, and slow wins. */
test("the shoulders are full and slow", async () => {
  await armed();
  pad.push(0, 1);
  for (const [button, pace] of [[FULL, "full"], [SLOW, "slow"]]) {
    pad.press(button);
    await run(32);
    assert.equal(told.at(-1)[3], pace);
  }
  pad.press(SLOW, false);
  pad.press(FULL, false);
  await run(32);
  assert.equal(told.at(-1)[3], null);
});

/** Goal: the sticks do what the page's own do. */
test("the style says what each stick is for", async () => {
  await armed();
  for (const [style, wanted] of [["arcade", [0, 1, 0]], ["tank", [0.5, 0.5, 0]], ["strafe", [0, 1, 0]]]) {
    hand.style = style;
    pad.push(0, 1);
    await run(32);
    assert.deepEqual(told.at(-1).slice(0, 3), wanted, style);
  }
  pad.push(1, 0, -1, 0);
  await run(32);
  assert.deepEqual(told.at(-1).slice(0, 3).map((value) => value + 0), [-1, 0, 1]);
});

/** Goal: a pad whose buttons nobody knows does nothing, and is told of once. */
test("a pad with another mapping drives nothing and stops nothing", async () => {
  pad.mapping = "";
  pad.push(0, 0);
  await run(50);
  pad.push(0, 1);
  pad.press(EAST);
  await run(500);
  assert.deepEqual([told, heard, hand.pad], [[], ["Some Pad false"], null]);
});

/** Goal: a second pad is not ignored for ever, and cannot take over from one that drives. */
test("a button brings the other pad while this one rests", async () => {
  const other = Object.assign(new Pad(), { index: 1, id: "Other Pad" });
  const both = [pad, other];
  pad.push(0, 0);
  other.push(0, 0);
  await run(50, both);
  pad.push(0, 1);
  await run(50, both);
  other.press(0);
  await run(100, both);
  assert.equal(hand.pad.name, "Some Pad");
  other.press(0, false);
  pad.push(0, 0);
  await run(50, both);
  assert.equal(hand.pad.name, "Some Pad");
  other.press(0);
  await run(50, both);
  other.press(0, false);
  await run(50, both);
  assert.equal(hand.pad.name, "Other Pad");
  other.push(0, 1);
  await run(50, both);
  assert.deepEqual(told.at(-1), [0, 1, 0, null]);
});

/** Goal: a pad has the name that stands on its box. */
test("names lose the numbers that browsers add", () => {
  assert.equal(nameOf("Xbox Wireless Controller (STANDARD GAMEPAD Vendor: 045e Product: 02fd)"), "Xbox Wireless Controller");
  assert.equal(nameOf("054c-0ce6-DualSense Wireless Controller"), "DualSense Wireless Controller");
  assert.equal(nameOf("(?)"), "Gamepad");
});
