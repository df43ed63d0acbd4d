// Gamepads in a real kernel: hands on sticks, plugs that are pulled, pads that die or were never touched.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { now } from "../browser/board.mjs";
import { until } from "../browser/harness.mjs";
import { Stops } from "./figures.mjs";
import { story } from "./story.mjs";

const RUNS = 8;
const USB_RUNS = 5;
/** A stick all the way, as its device tells it: up and left are negative. */
const UP = -32768;
const DOWN = 32767;
/** Share of full speed with no button held, permille, and how far the PWM may be off it. */
const NORMAL = 650;
const NEAR = 15;
/** A pad on which nothing moves may drive for so long, ms; a busy machine notices so much later. */
const VIGILANCE_MS = 3000;
const LATE_MS = 300;
const EARLY_MS = 500;
/** A pad whose plug is pulled, ms. */
const UNPLUGGED_MS = 100;
/** Several plugs at one moment are told apart by a second look, a second later; ms on a busy machine. */
const SECOND_LOOK_MS = 5000;
/** Kinds of pads, as SDL names them: bus, vendor, product, version. */
const XBOX = "030000005e0400008e02000014010000";
const EIGHT_BITS = "03000000091200000100000010010000";
/** The controls of an X-Box pad with these in the places of lefty, righty, leftshoulder and rightshoulder. */
const mapping = (name, lefty, righty, left, right) =>
  `${XBOX},${name},platform:Linux,a:b0,b:b1,x:b2,y:b3,back:b6,start:b7,leftshoulder:${left},rightshoulder:${right},` +
  `leftx:a0,lefty:${lefty},rightx:a3,righty:${righty},lefttrigger:a2,righttrigger:a5,`;
/** Both buttons must be down for so long to reset STOP. */
const RESET_MS = 2200;
const THROUGH_CONSOLE = "from before the command, with its way into the guest";

/** A pad and a hand. */
class Pad {
  #guest;
  #place;

  /** Plugs one in and waits until the program has seen it. `kind` is one of pad.c. */
  static async plugIn(guest, place = 0, kind = "xbox", ms = 10_000, seen = "gamepad: ") {
    const since = guest.log.length;
    const pad = await Pad.plug(guest, place, kind);
    await guest.logs(new RegExp(`${seen}.*name="(Microsoft X-Box 360 pad|Pad of eight bits)"`), since, ms);
    return pad;
  }

  /** Plugs one in. */
  static async plug(guest, place, kind = "xbox") {
    const pad = new Pad();
    pad.#guest = guest;
    pad.#place = place;
    await guest.pad(`create ${place} ${kind}`);
    return pad;
  }

  /** Each of these returns the moments, ms, before and after it. */
  unplug() {
    return this.#guest.pad(`destroy ${this.#place}`);
  }

  axis(name, value) {
    return this.#guest.pad(`axis ${this.#place} ${name} ${value}`);
  }

  button(name, down) {
    return this.#guest.pad(`button ${this.#place} ${name} ${down ? 1 : 0}`);
  }

  /** Lets the stick go: it trembles, and rests in the middle. */
  async letGo() {
    for (const axis of ["x", "y"]) {
      await this.axis(axis, 300);
      await this.axis(axis, 0);
    }
    await pause(100);
  }

  /** Keeps the stick where it is for a while, as a hand does. */
  async hold(ms) {
    for (const end = now() + ms; now() < end; await pause(100)) {
      await this.axis("rx", 200);
      await this.axis("rx", -200);
    }
  }

  /** Holds the two buttons that reset STOP; again if the robot did not confirm it in time on a busy machine. */
  async resets() {
    for (let tries = 3; ; tries -= 1) {
      await this.button("select", true);
      await this.button("start", true);
      await pause(RESET_MS);
      const opened = await this.#guest.logs(/latch open/, 0, 1500).then(() => null, (error) => error);
      await this.button("start", false);
      await this.button("select", false);
      if (!opened) return;
      if (tries === 1) throw opened;
      console.error("STOP was not reset at the first try");
    }
  }

  /** Pushes the stick until the motors turn so fast, permille. On a machine that was held up it must be let go again. */
  async drives(axis = "y", value = UP, left = NORMAL, right = NORMAL) {
    for (let tries = 5; ; tries -= 1) {
      await this.letGo();
      await this.axis(axis, value);
      try {
        return await turn(this.#guest, left, right, 1000);
      } catch (error) {
        if (tries === 0) throw error;
      }
    }
  }
}

/** Waits until the motors turn at about these speeds, permille. */
async function turn({ board }, left, right, ms = 3000) {
  const newest = () => board.outputs[board.outputs.length - 1];
  const near = (got, wanted) => Math.abs(got - wanted) <= NEAR;
  try {
    await until(`motors at ${[left, right]}`, () => near(newest()[1], left) && near(newest()[2], right), ms);
  } catch (error) {
    throw new Error(`${error.message}; they turn at ${newest().slice(1)}`);
  }
}

/** A pad that drives forward, at one of many moments. */
async function forward(guest, run = 0) {
  const pad = await Pad.plugIn(guest);
  await pad.drives();
  await pause((run * 37) % 100);
  return pad;
}

/** What the motors did since then. */
function since({ board }, time) {
  return board.outputs.filter(([at]) => at > time);
}

/** Registers the stories; `set.guest` is there when they begin. */
export function stories(set) {
  /** Goal: the robot goes where the stick points, as fast as the shoulder buttons say. */
  story(set, "a pad's stick turns the motors the right way round", async (guest) => {
    const pad = await Pad.plugIn(guest);
    await pad.drives("y", UP, NORMAL, NORMAL);
    await pad.drives("y", DOWN, -NORMAL, -NORMAL);
    await pad.drives("x", DOWN, NORMAL, -NORMAL);
    await pad.drives("x", UP, -NORMAL, NORMAL);
    await pad.button("tr", true);
    await pad.drives("y", UP, 1000, 1000);
    await pad.button("tr", false);
    await pad.button("tl", true);
    await pad.drives("y", UP, 350, 350);
  });

  /** Goal: a stick that is let go stops the robot. */
  story(set, "letting go of a pad's stick stops the pins", async (guest) => {
    const pad = await Pad.plugIn(guest);
    const stops = new Stops("pad's stick let go", THROUGH_CONSOLE);
    for (let run = 0; run < RUNS; run += 1) {
      await pad.drives();
      await pause((run * 37) % 100);
      const [before, after] = await pad.axis("y", 0);
      stops.add(await guest.board.rests(), before, after);
    }
    stops.tell();
  });

  /** Goal: row 29, I1 and I11: whoever trips over the pad's cable does not send the robot away. */
  story(set, "a pad that is unplugged at full stick stops the pins", async (guest) => {
    const stops = new Stops("pad unplugged", THROUGH_CONSOLE, UNPLUGGED_MS);
    for (let run = 0; run < RUNS; run += 1) {
      const pad = await forward(guest, run);
      const [before, after] = await pad.unplug();
      stops.add(await guest.board.rests(), before, after);
      await guest.board.staysOff(100);
    }
    stops.tell();
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
    await turn(guest, NORMAL, NORMAL);
  });

  /** Goal: I11: a pad that nobody holds, or that is out of reach, drives 3 s at most. */
  story(set, "a pad on which nothing moves for 3 s stops, and drives on once it was let go", async (guest) => {
    const pad = await forward(guest);
    const begun = guest.log.length;
    const [, told] = await pad.axis("y", UP + 1);
    const took = (await guest.board.rests(VIGILANCE_MS + 2000)) - told;
    assert.ok(took <= VIGILANCE_MS + LATE_MS, `it drove for ${took} ms`);
    await guest.logs(/has not moved for 3 s/, begun, 1000);
    assert.ok(took >= VIGILANCE_MS - EARLY_MS, `it drove for ${took} ms only`);
    await pad.axis("y", UP);
    await guest.board.staysOff(400);
    await pad.drives();
    // A hand that trembles is a hand.
    guest.forget();
    await pad.hold(VIGILANCE_MS + 1000);
    assert.ok(!guest.log.some((line) => /has not moved/.test(line)), "a hand that trembles was taken for none");
    await turn(guest, NORMAL, NORMAL);
  });

  /** Goal: I6: STOP on the pad latches, a hand feels it, and only a reset that was held lets it drive on. */
  story(set, "a pad's STOP latches, and its two buttons held for two seconds reset it", async (guest) => {
    const pad = await forward(guest);
    const stops = new Stops("STOP on a pad", THROUGH_CONSOLE);
    const [before, after] = await pad.button("east", true);
    stops.add(await guest.board.rests(), before, after);
    try {
      await guest.logs(/latch set/);
      await until("the pad to shake", async () => (await guest.shakes(0)) > 0, 2000);
      await pad.button("east", false);
      await pad.letGo();
      await pad.axis("y", UP);
      await guest.board.staysOff(500);
      // Too short.
      await pad.button("select", true);
      await pad.button("start", true);
      await pause(RESET_MS / 2);
      await pad.button("start", false);
      await guest.board.staysOff(500);
      assert.ok(!guest.log.some((line) => /latch open/.test(line)), "a short press has reset STOP");
      await pad.button("select", false);
      await pad.resets();
      // The stick has been held all the time.
      await guest.board.staysOff(500);
      await pad.drives();
      stops.tell();
    } catch (error) {
      // Those that follow want to drive.
      await pad.resets().catch(() => {});
      throw error;
    }
  });

  /** Goal: the same with the kernel's own USB and HID drivers between, and a stick that seems to be held at first. */
  story(set, "a pad on USB drives from the middle, and pulled out it stops the pins", async (guest) => {
    await guest.run("[ -d $usbpad ] || usbpad_make");
    const stops = new Stops("pad unplugged from USB", `${THROUGH_CONSOLE} and shell`, UNPLUGGED_MS);
    for (let run = 0; run < USB_RUNS; run += 1) {
      const begun = guest.log.length;
      await guest.run("usbpad_plug");
      await guest.logs(/gamepad: .*name="Joywire tests USB pad"/, begun);
      await guest.board.staysOff(300);
      await guest.run("usbpad_tell 128 128 0");
      await guest.run("usbpad_tell 128 0 0");
      await turn(guest, NORMAL, NORMAL);
      await pause((run * 37) % 100);
      const before = now();
      await guest.run("usbpad_unplug");
      stops.add(await guest.board.rests(), before, now());
    }
    stops.tell();
  });

  /** Goal: pads at a hub, or a table that is switched on, come in one instant; none of them is overlooked. */
  story(set, "of several pads plugged in at once each is found", async (guest) => {
    const found = () => new Set(guest.log.map((line) => /gamepad: .* device="([^"]+)"/.exec(line)?.[1]).filter(Boolean));
    // Held up, the program hears of all of them at once.
    await guest.run("kill -STOP $joywire");
    const pads = [];
    for (const place of [0, 1, 2, 3]) pads.push(await Pad.plug(guest, place));
    await guest.run("kill -CONT $joywire");
    await until("all four pads in the log", () => found().size === pads.length, SECOND_LOOK_MS);
    for (const pad of [pads[0], pads[3]]) {
      await pad.drives();
      await pad.unplug();
      await guest.board.rests();
    }
  });

  /** Plays with the program started in this environment. */
  async function started(guest, environment, play) {
    await guest.killJoywire();
    try {
      await guest.joywire(environment);
      await play();
    } finally {
      await guest.killJoywire();
      await guest.joywire();
    }
  }

  /** Goal: whoever has two kinds of pads plugged in drives with the one that the configuration names, and no other. */
  story(set, "with a GUID in gamepad.use no other pad drives", async (guest) => {
    const environment = `JOYWIRE_GAMEPAD__USE=${EIGHT_BITS}`;
    await started(guest, environment, async () => {
      const other = await Pad.plugIn(guest, 0, "xbox", 10_000, "gamepad left alone: ");
      const chosen = await Pad.plugIn(guest, 1, "askew");
      const shown = (await guest.padsShown(environment)).map(({ guid, drives }) => [guid, drives]);
      assert.deepEqual(shown.sort(), [[EIGHT_BITS, true], [XBOX, false]].sort());
      await other.letGo();
      await other.axis("y", UP);
      await guest.board.staysOff(700);
      for (const axis of ["x", "y"]) {
        await chosen.axis(axis, 120);
        await chosen.axis(axis, 128);
      }
      await pause(100);
      await chosen.axis("y", 255);
      await turn(guest, -NORMAL, -NORMAL);
      assert.ok(!guest.log.some((line) => /latch set/.test(line)));
      await other.button("east", true);
      await chosen.axis("y", 254);
      await turn(guest, -NORMAL, -NORMAL);
    });
  });

  /** Goal: a pad whose controls have wrong names is put right by one line of SDL's in the environment. */
  story(set, "SDL_GAMECONTROLLERCONFIG says which stick is the left one", async (guest) => {
    const environment = `SDL_GAMECONTROLLERCONFIG='${mapping("Swapped sticks", "a4", "a1", "b4", "b5")}'`;
    await started(guest, environment, async () => {
      const pad = await Pad.plugIn(guest);
      const shown = (await guest.padsShown(environment)).map(({ guid, mapping, drives }) => [guid, mapping, drives]);
      assert.deepEqual(shown, [[XBOX, "Swapped sticks", true]]);
      await pad.letGo();
      await pad.axis("ry", 300);
      await pad.axis("ry", 0);
      await pause(100);
      await pad.axis("y", UP);
      await guest.board.staysOff(500);
      await pad.axis("y", 0);
      await pad.drives("ry", UP);
      await pad.axis("ry", 0);
      await guest.board.rests();
    });
  });

  /** Goal: so it is by a whole file of such lines. */
  story(set, "a file in gamepad.mappings says which shoulder is the left one", async (guest) => {
    await guest.run(`echo '${mapping("Swapped shoulders", "a1", "a4", "b5", "b4")}' >/tmp/mappings.txt`);
    const environment = "JOYWIRE_GAMEPAD__MAPPINGS=/tmp/mappings.txt";
    await started(guest, environment, async () => {
      const pad = await Pad.plugIn(guest);
      const shown = (await guest.padsShown(environment)).map(({ guid, mapping, drives }) => [guid, mapping, drives]);
      assert.deepEqual(shown, [[XBOX, "Swapped shoulders", true]]);
      await pad.button("tl", true);
      await pad.drives("y", UP, 1000, 1000);
      await pad.button("tl", false);
      await pad.button("tr", true);
      await pad.drives("y", UP, 350, 350);
    });
  });

  /** Goal: one driver at a time: a second pad drives nothing while the first one does, plugged in or pulled out. */
  story(set, "a second pad does not push the first one off", async (guest) => {
    const first = await forward(guest);
    const begun = now();
    const second = await Pad.plugIn(guest, 1);
    await second.letGo();
    await second.axis("y", DOWN);
    await first.hold(600);
    await second.unplug();
    await first.hold(400);
    const backward = since(guest, begun).filter(([, left, right]) => left < 0 || right < 0);
    assert.deepEqual(backward, [], "the second pad drove");
    await turn(guest, NORMAL, NORMAL);
    const rested = since(guest, begun).filter(([, left, right]) => left === 0 || right === 0);
    if (rested.length > 0) throw new Error("waited in vain for the first pad to drive all the time");
  });

  /** Goal: rows 10 and 29 at once: with the stick held, the robot's plug is pulled and put back. */
  story(set, "a robot that was unplugged while a pad drives waits for the stick to be let go", async (guest) => {
    const pad = await forward(guest);
    const stops = new Stops("robot unplugged from USB while a pad drives", "from before QMP's device_del");
    const [before, after] = await guest.unplugRobot();
    stops.add(await guest.board.rests(), before, after);
    const begun = guest.log.length;
    await guest.plugInRobot();
    const ready = guest.logs(/robot is ready/, begun);
    // Held all the time, or it would count as let go of.
    await Promise.all([ready, pad.hold(4000)]);
    await guest.board.staysOff(300);
    await pad.drives();
    stops.tell();
  });

  /** Goal: a pad that is plugged in just when the program looks for pads drives, too. */
  story(set, "a pad plugged in while the program starts is not overlooked", async (guest) => {
    for (const ms of [0, 20, 40, 60]) {
      await guest.killJoywire();
      guest.forget();
      const ready = guest.joywire();
      ready.catch(() => {});
      await guest.logs(/open https:/);
      await pause(ms);
      const pad = await Pad.plugIn(guest, 0, "xbox", 5000);
      await ready;
      await pad.unplug();
      await guest.logs(/gamepad unplugged/);
    }
  });

  /** Goal: a program that starts while somebody leans on the pad drives nothing. */
  story(set, "a program that starts with a stick held drives nothing until it is let go", async (guest) => {
    const pad = await forward(guest);
    const stops = new Stops("program killed while a pad drives", `${THROUGH_CONSOLE} and shell`);
    const before = now();
    await guest.killJoywire();
    stops.add(await guest.board.rests(), before, now());
    await guest.joywire();
    await pad.axis("y", UP + 1000);
    await pad.axis("y", UP);
    await guest.board.staysOff(700);
    await pad.drives();
    stops.tell();
  });
}
