// Gamepads in a real kernel: hands on sticks, plugs that are pulled, pads that die or were never touched.
import assert from "node:assert/strict";
import { afterEach } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { now } from "../browser/board.mjs";
import { until } from "../browser/harness.mjs";
import { PROMISED_MS, tell } from "./figures.mjs";
import { story } from "./story.mjs";

const RUNS = 8;
const USB_RUNS = 5;
/** A stick all the way, as its device tells it: up and left are negative. */
const FULL = -32768;
/** Share of full speed with no button held, permille, and how far the PWM may be off it. */
const NORMAL = 650;
const NEAR = 15;
/** A pad on which nothing moves may drive for so long, ms, and a look at it may be late by so much on a busy machine. */
const VIGILANCE_MS = 3000;
const LATE_MS = 300;
/** Both buttons must be down for so long to reset STOP. */
const RESET_MS = 2200;

/** A pad and a hand. */
class Pad {
  static #there = new Set();
  #guest;
  #place;

  /** Plugs one in and waits until the program has seen it. `kind` is one of pad.c. */
  static async plugIn(guest, place = 0, kind = "xbox") {
    const pad = new Pad();
    pad.#guest = guest;
    pad.#place = place;
    const since = guest.log.length;
    await guest.pad(`create ${place} ${kind}`);
    Pad.#there.add(pad);
    await guest.logs(/gamepad: .*name="(Microsoft X-Box 360 pad|Pad of eight bits)"/, since);
    return pad;
  }

  /** Pulls out all that a test has left. */
  static async clear() {
    for (const pad of Pad.#there) await pad.unplug();
  }

  /** Pulls the plug; returns the moment before, ms. */
  async unplug() {
    Pad.#there.delete(this);
    return (await this.#guest.pad(`destroy ${this.#place}`))[0];
  }

  /** Moves an axis; returns the moment when that was done. */
  async axis(name, value) {
    return (await this.#guest.pad(`axis ${this.#place} ${name} ${value}`))[1];
  }

  /** Presses or lets go of a button; returns the moment before. */
  async button(name, down) {
    return (await this.#guest.pad(`button ${this.#place} ${name} ${down ? 1 : 0}`))[0];
  }

  /** Lets the stick go: it trembles, and rests in the middle. */
  async letGo() {
    await this.axis("x", 300);
    await this.axis("x", 0);
    await this.axis("y", 300);
    await this.axis("y", 0);
    await pause(100);
  }

  /** Keeps the stick where it is for a while, as a hand does. */
  async hold(ms) {
    for (const end = now() + ms; now() < end; await pause(100)) {
      await this.axis("rx", 200);
      await this.axis("rx", -200);
    }
  }
}

/** Waits until both motors turn at about these speeds, permille. */
async function turn({ board }, what, left, right) {
  const { outputs } = board;
  const near = (got, wanted) => Math.abs(got - wanted) <= NEAR;
  const newest = () => outputs[outputs.length - 1];
  try {
    await until(what, () => near(newest()[1], left) && near(newest()[2], right), 3000);
  } catch (error) {
    throw new Error(`${error.message}; the motors turn at ${newest().slice(1)}, not ${[left, right]}`);
  }
}

/** A pad that drives forward, at one of many moments. */
async function forward(guest, run = 0) {
  const pad = await Pad.plugIn(guest);
  await pad.letGo();
  await pad.axis("y", FULL);
  await turn(guest, "both motors forward", NORMAL, NORMAL);
  await pause((run * 37) % 100);
  return pad;
}

/** Registers the stories; `set.guest` is there when they begin. */
export function stories(set) {
  afterEach(() => Pad.clear());

  /** Goal: the robot goes where the stick points, as fast as the shoulder buttons say. */
  story(set, "a pad's stick turns the motors the right way round", async (guest) => {
    const pad = await Pad.plugIn(guest);
    await pad.letGo();
    for (const [what, axis, value, left, right] of [
      ["forward", "y", FULL, NORMAL, NORMAL],
      ["backward", "y", 32767, -NORMAL, -NORMAL],
      ["a turn to the right", "x", 32767, NORMAL, -NORMAL],
      ["a turn to the left", "x", FULL, -NORMAL, NORMAL],
    ]) {
      await pad.axis(axis, value);
      await turn(guest, what, left, right);
      await pad.axis(axis, 0);
      await turn(guest, "rest", 0, 0);
    }
    await pad.axis("y", FULL);
    await pad.button("tr", true);
    await turn(guest, "turbo", 1000, 1000);
    await pad.button("tr", false);
    await pad.button("tl", true);
    await turn(guest, "slow", 350, 350);
  });

  /** Goal: a stick that is let go stops the robot. */
  story(set, "letting go of a pad's stick stops the pins", async (guest) => {
    const pad = await forward(guest);
    const times = [];
    for (let run = 0; run < RUNS; run += 1) {
      await pause((run * 37) % 100);
      const released = now();
      await pad.axis("y", 0);
      times.push((await guest.board.rests()) - released);
      await pad.axis("y", FULL);
      await turn(guest, "both motors forward", NORMAL, NORMAL);
    }
    tell("pad's stick let go", times, PROMISED_MS, "with the way of the command into the guest");
  });

  /** Goal: row 29, I1 and I11: whoever trips over the pad's cable does not send the robot away. */
  story(set, "a pad that is unplugged at full stick stops the pins, and another starts from the middle", async (guest) => {
    const times = [];
    for (let run = 0; run < RUNS; run += 1) {
      const pad = await forward(guest, run);
      const pulled = await pad.unplug();
      times.push((await guest.board.rests()) - pulled);
    }
    tell("pad unplugged", times, PROMISED_MS, "with the way of the command into the guest");
  });

  /** Goal: a pad whose device claims a full stick until it is moved, as those of eight bits do, drives nothing. */
  story(set, "a pad that begins at full deflection drives nothing until it was in the middle", async (guest) => {
    const pad = await Pad.plugIn(guest, 0, "askew");
    await guest.board.staysOff(700);
    await pad.axis("y", 20);
    await pad.axis("x", 20);
    await guest.board.staysOff(700);
    await pad.axis("x", 128);
    await pad.axis("y", 128);
    await pause(100);
    await pad.axis("y", 0);
    await turn(guest, "both motors forward", NORMAL, NORMAL);
  });

  /** Goal: I11: a pad that nobody holds, or that is out of reach, drives 3 s at most. */
  story(set, "a pad on which nothing moves for 3 s stops, and drives on once it was let go", async (guest) => {
    const pad = await Pad.plugIn(guest);
    await pad.letGo();
    const told = await pad.axis("y", FULL);
    await turn(guest, "both motors forward", NORMAL, NORMAL);
    const took = (await guest.board.rests(VIGILANCE_MS + 2000)) - told;
    assert.ok(took >= VIGILANCE_MS - 20 && took <= VIGILANCE_MS + LATE_MS, `it drove for ${took} ms`);
    await pad.axis("y", -30000);
    await guest.board.staysOff(400);
    await pad.letGo();
    await pad.axis("y", FULL);
    await turn(guest, "both motors forward", NORMAL, NORMAL);
    // A hand that trembles is a hand.
    const since = now();
    await pad.hold(VIGILANCE_MS + 1000);
    const stopped = guest.board.outputs.filter(([time, left, right]) => time > since && (left === 0 || right === 0));
    assert.deepEqual(stopped, [], "it stopped although the pad was held");
  });

  /** Goal: I6: STOP on the pad latches, and only a reset that was held lets it drive on. */
  story(set, "a pad's STOP latches, and its two buttons held for two seconds reset it", async (guest) => {
    const pad = await forward(guest);
    let since = guest.log.length;
    const pressed = await pad.button("east", true);
    tell("STOP on a pad", [(await guest.board.rests()) - pressed], PROMISED_MS, "with the way of the command into the guest");
    await guest.logs(/latch set/, since);
    await pad.button("east", false);
    await pad.letGo();
    await pad.axis("y", FULL);
    await guest.board.staysOff(500);
    // Too short.
    await pad.button("select", true);
    await pad.button("start", true);
    await pause(RESET_MS / 2);
    await pad.button("start", false);
    await guest.board.staysOff(500);
    since = guest.log.length;
    await pad.button("start", true);
    await pause(RESET_MS);
    await guest.logs(/latch open/, since);
    await pad.button("start", false);
    await pad.button("select", false);
    // The stick has been held all the time.
    await guest.board.staysOff(500);
    await pad.letGo();
    await pad.axis("y", FULL);
    await turn(guest, "both motors forward", NORMAL, NORMAL);
  });

  /** Goal: the same with the kernel's own USB and HID drivers between, and a pad whose stick seems to be held until it
   * was moved. */
  story(set, "a pad on USB drives from the middle, and pulled out it stops the pins", async (guest) => {
    await guest.run("[ -d $usbpad ] || usbpad_make");
    const times = [];
    for (let run = 0; run < USB_RUNS; run += 1) {
      const since = guest.log.length;
      await guest.run("usbpad_plug");
      await guest.logs(/gamepad: .*name="Joywire tests USB pad"/, since);
      await guest.board.staysOff(300);
      await guest.run("usbpad_tell 128 128 0");
      await guest.run("usbpad_tell 128 0 0");
      await turn(guest, "both motors forward", NORMAL, NORMAL);
      await pause((run * 37) % 100);
      const pulled = now();
      await guest.run("usbpad_unplug");
      times.push((await guest.board.rests()) - pulled);
    }
    tell("pad unplugged from USB", times, PROMISED_MS, "with the way of the command into the guest and through its shell");
  });

  /** Goal: one driver at a time: a second pad drives nothing while the first one does, plugged in or pulled out. */
  story(set, "a second pad does not push the first one off", async (guest) => {
    const first = await forward(guest);
    const since = now();
    const second = await Pad.plugIn(guest, 1);
    await second.letGo();
    await second.axis("y", 32767);
    await first.hold(600);
    await second.unplug();
    await first.hold(400);
    const others = guest.board.outputs.filter(([time, left, right]) => time > since && (left < NORMAL - NEAR || right < NORMAL - NEAR));
    assert.deepEqual(others, [], "the first pad did not drive all the time");
    await first.axis("y", 0);
    await guest.board.rests();
  });

  /** Goal: rows 10 and 29 at once: with the stick held, the robot's plug is pulled and put back. */
  story(set, "a robot that was unplugged while a pad drives waits for the stick to be let go", async (guest) => {
    const pad = await forward(guest);
    const pulled = await guest.unplugRobot();
    const took = (await guest.board.rests()) - pulled;
    const since = guest.log.length;
    await guest.plugInRobot();
    await guest.logs(/robot is ready/, since);
    await pad.hold(500);
    await guest.board.staysOff(100);
    tell("USB unplugged while a pad drives", [took], PROMISED_MS, "from before QMP's device_del");
    await pad.letGo();
    await pad.axis("y", FULL);
    await turn(guest, "both motors forward", NORMAL, NORMAL);
  });

  /** Goal: a program that starts while somebody leans on the pad drives nothing. */
  story(set, "a program that starts with a stick held drives nothing until it is let go", async (guest) => {
    const pad = await forward(guest);
    const killed = now();
    await guest.killJoywire();
    tell("program killed while a pad drives", [(await guest.board.rests()) - killed], PROMISED_MS, "with the way of the command into the guest");
    await guest.joywire();
    await guest.logs(/robot is ready/);
    await pad.axis("y", -32000);
    await pad.axis("y", FULL);
    await guest.board.staysOff(700);
    await pad.letGo();
    await pad.axis("y", FULL);
    await turn(guest, "both motors forward", NORMAL, NORMAL);
  });
}
