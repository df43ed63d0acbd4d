// The robot's USB plug is pulled and put back, in a real kernel.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "../interop/rig.mjs";
import { Stops } from "./figures.mjs";
import { story } from "./story.mjs";

const SAMPLE_MS = 33;
const RUNS = 5;

/** A person at the relay whose hand holds the stick. */
class Person {
  #stick = 0;
  #board;
  #client;
  #holding;

  static async sits(guest) {
    const person = new Person();
    const client = new Client(guest.url);
    person.#client = client;
    person.#board = guest.board;
    await client.welcomed();
    await person.sees("ready");
    await client.takeSeat();
    person.#holding = setInterval(() => client.drive(0, person.#stick), SAMPLE_MS);
    return person;
  }

  /** Waits until the page would show this state. */
  sees(state) {
    return this.#client.robotIs(state);
  }

  /** Pushes the stick until the pins move. On a machine that was held up it must be let go and pushed again. */
  async drives() {
    for (let tries = 5; ; tries -= 1) {
      await this.lift();
      await this.sees("ready");
      this.#stick = 0.7;
      try {
        return await this.#board.turns();
      } catch (error) {
        if (tries === 0) throw error;
      }
    }
  }

  /** Lets go of the stick, and waits until that was seen. */
  async lift() {
    this.#stick = 0;
    await this.#client.takeSeat();
    await pause(3 * SAMPLE_MS);
  }

  async leaves() {
    clearInterval(this.#holding);
    await this.#client.end();
  }
}

/** Drives, pulls the plug, and puts it back with the stick held all the time. */
async function unplug(guest, person, stops, run) {
  await person.drives();
  await pause(300 + ((run * 37) % 100));
  const [before, after] = await guest.unplugRobot();
  stops.add(await guest.board.rests(), before, after);
  const since = guest.log.length;
  await pause(200);
  await guest.plugInRobot();
  await guest.logs(/cable to the robot is open/, since);
}

/** Nothing moves before the stick is released once; then it drives on. */
async function drivesOn({ board }, person) {
  await person.sees("ready");
  await board.staysOff(500);
  await person.drives();
  await person.lift();
  await board.rests();
}

/** Registers the stories; `set.guest` is there when they begin. */
export function stories(set) {
  /** Goal: rows 10 and 11, I1: whoever trips over the cable finds a robot that stands, and that drives on when it is
   * plugged in again and the stick was released. */
  story(set, "a USB plug pulled at speed stops the pins, and put back it drives on from a released stick", async (guest) => {
    const person = await Person.sits(guest);
    try {
      const stops = new Stops("robot unplugged from USB", "from before QMP's device_del");
      for (let run = 0; run < RUNS; run += 1) {
        await unplug(guest, person, stops, run);
        await drivesOn(guest, person);
      }
      stops.tell();
    } finally {
      await person.leaves();
    }
  });

  /** Goal: row 11: the robot is found under another name, as a program that has not let go of the old one causes it. */
  story(set, "a robot that comes back as ttyUSB1 is found, and drives on from a released stick", async (guest) => {
    const person = await Person.sits(guest);
    try {
      assert.equal(await guest.run("ls /dev/ttyUSB*"), "/dev/ttyUSB0");
      await guest.run("sleep 1000 </dev/ttyUSB0 & holder=$!");
      await unplug(guest, person, new Stops("robot unplugged from USB", ""), 0);
      assert.equal(await guest.run("ls /dev/ttyUSB*"), "/dev/ttyUSB1");
      await drivesOn(guest, person);
    } finally {
      await person.leaves();
      await guest.run("kill $holder 2>/dev/null; true");
    }
  });
}
