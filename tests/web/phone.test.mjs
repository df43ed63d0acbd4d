// What a phone can do beside showing a page: keep its screen on, and shake.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Buzz } from "../../web/buzz.js";
import { Wake } from "../../web/wake.js";
import { settled } from "./clock.mjs";

/** A phone whose locks can be counted; a hidden page loses them. */
class Phone {
  visibilityState = "visible";
  taken = 0;
  held = new Set();
  refuse = false;
  #listeners = [];
  wakeLock = {
    request: async () => {
      if (this.refuse) throw new Error("battery saver");
      this.taken += 1;
      const released = [];
      const lock = { addEventListener: (name, run) => released.push(run), release: async () => this.drop(lock), released };
      this.held.add(lock);
      return lock;
    },
  };

  addEventListener(name, run) {
    this.#listeners.push(run);
  }

  drop(lock) {
    if (this.held.delete(lock)) for (const run of lock.released) run();
  }

  async turn(state) {
    this.visibilityState = state;
    if (state === "hidden") for (const lock of [...this.held]) this.drop(lock);
    for (const run of this.#listeners) run();
    await settled();
  }
}

/** Goal: the screen is on while this page drives, and no longer. */
test("the screen stays on while driving", async () => {
  const phone = new Phone();
  const wake = new Wake(phone, phone);
  await wake.keep(true);
  await wake.keep(true);
  assert.deepEqual([phone.held.size, phone.taken], [1, 1]);
  await wake.keep(false);
  assert.equal(phone.held.size, 0);
});

/** Goal: a page that comes back while it drives keeps the screen on again. */
test("the lock is taken again when the page is seen again", async () => {
  const phone = new Phone();
  const wake = new Wake(phone, phone);
  await wake.keep(true);
  await phone.turn("hidden");
  assert.equal(phone.held.size, 0);
  await phone.turn("visible");
  assert.deepEqual([phone.held.size, phone.taken], [1, 2]);
  await wake.keep(false);
  await phone.turn("visible");
  assert.deepEqual([phone.held.size, phone.taken], [0, 2]);
});

/** Goal: a wish that ended while the browser thought about it leaves no lock behind. */
test("a lock that comes too late is given back", async () => {
  const phone = new Phone();
  const wake = new Wake(phone, phone);
  const on = wake.keep(true);
  const off = wake.keep(false);
  await Promise.all([on, off]);
  assert.equal(phone.held.size, 0);
});

/** Goal: a battery saver or an old browser costs nothing but the screen. */
test("no lock is no error", async () => {
  const phone = new Phone();
  phone.refuse = true;
  const wake = new Wake(phone, phone);
  await wake.keep(true);
  phone.refuse = false;
  await phone.turn("visible");
  assert.equal(phone.held.size, 1);
  assert.equal(wake.able, true);
  const old = new Wake({}, phone);
  await old.keep(true);
  assert.equal(old.able, false);
});

/** Goal: STOP and a lost seat feel different, and a switch silences both. */
test("the phone shakes unless it cannot or must not", () => {
  const felt = [];
  const buzz = new Buzz({ vibrate: (pattern) => felt.push(pattern) });
  buzz.stop();
  buzz.seatLost();
  assert.equal(felt.length, 2);
  assert.notDeepEqual(felt[0], felt[1]);
  buzz.wanted = false;
  buzz.stop();
  assert.equal(felt.length, 2);
  const still = new Buzz({});
  still.stop();
  assert.equal(still.able, false);
});

/** Goal: a gamepad shakes where the device itself cannot, unless the person does not want it. */
test("a gamepad is shaken with the device or instead of it", () => {
  const buzz = new Buzz({});
  let shaken = 0;
  buzz.onshake = () => (shaken += 1);
  buzz.stop();
  buzz.seatLost();
  buzz.wanted = false;
  buzz.stop();
  assert.equal(shaken, 2);
});
