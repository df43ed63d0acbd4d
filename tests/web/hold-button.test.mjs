// A button that counts while it is held, on fake glass: whatever makes the hand uncertain ends it.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** Something with listeners, as far as a button looks at it. */
class Glass {
  listeners = new Map();
  classes = new Set();
  classList = { add: (name) => this.classes.add(name), remove: (name) => this.classes.delete(name) };
  visibilityState = "visible";

  addEventListener = (name, run) => this.listeners.set(name, [...(this.listeners.get(name) ?? []), run]);
  setPointerCapture() {}
  hasPointerCapture() {
    return false;
  }

  say(name, more = {}) {
    const event = { pointerId: 1, button: 0, key: "", repeat: false, preventDefault() {}, ...more };
    for (const run of this.listeners.get(name) ?? []) run(event);
  }
}

const page = new Glass();
const screen = new Glass();
globalThis.document = new Glass();
globalThis.screen = screen;
globalThis.addEventListener = page.addEventListener;
const { HoldButton } = await import("../../web/hold-button.js");

let glass;
let hold;
let told;

beforeEach(() => {
  glass = new Glass();
  hold = new HoldButton(glass);
  told = [];
  hold.onpress = () => told.push("press");
  hold.onrelease = () => told.push("release");
  hold.onloss = (why) => told.push(why);
});

/** Goal: a finger and the Enter key hold alike; other buttons of a mouse and keys do not, and repetition is no press. */
test("it counts from down to up", () => {
  glass.say("pointerdown", { button: 2 });
  glass.say("keydown", { key: " " });
  assert.deepEqual(told, []);
  glass.say("pointerdown");
  assert.ok(glass.classes.has("held"));
  glass.say("pointerup");
  glass.say("lostpointercapture");
  assert.ok(!glass.classes.has("held"));
  glass.say("keydown", { key: "Enter" });
  glass.say("keydown", { key: "Enter", repeat: true });
  glass.say("keyup", { key: "Enter" });
  assert.deepEqual(told, ["press", "release", "press", "release"]);
});

/** Goal: a lost hand ends it once, and nothing that follows from the same finger begins or tells anything. */
for (const [what, happen, why] of [
  ["a call coming in", () => glass.say("pointercancel"), "hand"],
  ["a capture that is lost", () => glass.say("lostpointercapture"), "hand"],
  ["a second finger anywhere", () => page.say("pointerdown", { pointerId: 2 }), "finger"],
  ["another window", () => page.say("blur"), "hand"],
  ["a turned phone", () => page.say("orientationchange"), "hand"],
]) {
  test(`${what} ends the hold`, () => {
    glass.say("pointerdown");
    happen();
    happen();
    glass.say("pointerup");
    assert.deepEqual(told, ["press", why]);
    assert.ok(!glass.classes.has("held"));
  });
}

/** Goal: a key that is held while the focus goes elsewhere does not stay down. */
test("Enter ends where the focus ends", () => {
  glass.say("keydown", { key: "Enter" });
  glass.say("blur");
  glass.say("keyup", { key: "Enter" });
  assert.deepEqual(told, ["press", "hand"]);
});

/** Goal: whoever refuses a press is not told of its end. */
test("a dropped press tells nothing more", () => {
  glass.say("pointerdown");
  hold.drop();
  glass.say("pointerup");
  assert.deepEqual(told, ["press"]);
});
