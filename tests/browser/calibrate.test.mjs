// Calibration from the page: a finger holds, pins of an Uno turn, answers become the robot's file.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Board, now } from "./board.mjs";
import { launch, Robot, screens, screenshots, until, Visitor } from "./harness.mjs";
import { House } from "./house.mjs";

/** The most that a motor is told while somebody looks at it, permille. */
const CAP = 400;
/** All of a stop, ms. */
const PROMISED_MS = 250;

let browser;
let board;
let robot;
let phone;

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  browser = await launch();
  board = await Board.start();
  robot = await Robot.start(`# mine\n[robot]\nserial = "${board.port}"\n`);
});
after(async () => {
  await browser?.close();
  await robot?.stop();
  board?.end();
});
afterEach(async () => {
  await phone?.close();
  phone = null;
});

const text = (selector) => phone.page.locator(selector).textContent();
const step = (name) => until(`the step ${name}`, async () => (await phone.page.locator("#calibrate").getAttribute("data-step")) === name);
const answer = (name) => phone.page.locator(`[data-answer="${name}"]`).click();
const shoot = (name) => phone.page.screenshot({ path: join(screenshots, `calibrate-${name}.png`) });

/** Opens calibration as a person does, up to the first motor. */
async function begun(screen = screens.portrait) {
  phone = await Visitor.open(browser, robot, { screen });
  phone.fingers = screen !== screens.desk;
  await phone.says("ready", "watching", "stopped");
  await until("a free seat", () => phone.page.evaluate(() => document.body.dataset.seat === "free"), 15_000);
  await phone.page.getByRole("button", { name: "Settings" }).click();
  await phone.page.locator("#calibrate-open").click();
  await step("box");
  await until("what is in force", () => phone.page.locator('[data-answer="begin"]').isEnabled());
  await shoot(`box-${screen.width}`);
  await answer("begin");
  await step("direction");
}

/** With a finger; at a desk, with Enter. */
async function press() {
  if (phone.fingers) return phone.press("#calibrate-hold");
  await phone.page.focus("#calibrate-hold");
  return phone.page.keyboard.down("Enter");
}

const lift = () => (phone.fingers ? phone.lift() : phone.page.keyboard.up("Enter"));

/** What the pins are told now. */
const pins = () => board.outputs[board.outputs.length - 1].slice(1);

/**
 * Holds the button until the pins fit, lets go, and waits until `then` may be answered; what the pins did meanwhile. Held up
 * by other work on this machine, the program may want the hand back once: a person holds again, and so does this.
 */
async function hold(fits, then) {
  for (let tries = 4; ; tries -= 1) {
    const from = board.outputs.length;
    await press();
    try {
      await until("the pins to turn", () => fits(pins()), 4000);
      // Long enough to be seen by a person, too.
      await pause(400);
      await lift();
      await board.rests();
      await until(`${then} to be asked`, () => phone.page.locator(`[data-answer="${then}"]`).isEnabled(), 1000);
      return board.outputs.slice(from);
    } catch (error) {
      await lift().catch(() => {});
      if (tries === 0) throw new Error(`${error.message}; the page says: ${await text("#calibrate-note")}`);
      await pause(1200);
    }
  }
}

/** Holds the button and leaves the hand there; the moment at which the pins turned for certain. */
async function holding() {
  for (let tries = 4; ; tries -= 1) {
    await press();
    try {
      await until("the pins to turn", () => turning(pins()), 4000);
      const at = now();
      assert.ok(turning(pins()), "they stopped again");
      return at;
    } catch (error) {
      await lift().catch(() => {});
      if (tries === 0) throw new Error(`${error.message}; the page says: ${await text("#calibrate-note")}`);
      await pause(1200);
    }
  }
}

/** One motor to its end. @param {(pins: number[]) => number} pin which of the pins it is @param {"forward" | "backward"} way */
async function motor(pin, way) {
  const turned = await hold((pins) => Math.abs(pin(pins)) >= 250, way);
  const others = turned.map(([, ...pins]) => pins.reduce((sum, one) => sum + Math.abs(one), 0) - Math.abs(pin(pins)));
  assert.equal(Math.max(...others), 0, "another motor turned");
  assert.ok(turned.every(([, ...pins]) => Math.abs(pin(pins)) <= CAP), "faster than it may");
  await answer(way);
  await step("dead_band");
  await hold((pins) => Math.abs(pin(pins)) >= 30, "next");
  await until("what it began at", async () => /It begins at about \d/.test(await text("#calibrate-note")));
  await answer("next");
}

const turning = (pins) => pins.some((pin) => Math.abs(pin) >= 250);

/** Goal: whoever watches and answers has a robot that drives as it should, at once, and a file that says so. */
test("answers at the page become the robot's file, and count at once", async () => {
  await begun();
  assert.match(await text("#calibrate-title"), /Motor 1 of 2: the left wheel/);
  await motor(([left]) => left, "forward");
  await step("direction");
  assert.match(await text("#calibrate-title"), /Motor 2 of 2: the right wheel/);
  await motor(([, right]) => right, "backward");
  await step("straight");
  const ahead = await hold(([left, right]) => left >= 250 && right <= -250, "left");
  assert.ok(ahead.every(([, left, right]) => left >= 0 && right <= 0), "what was found of its direction counts");
  await answer("left");
  await step("straight");
  await shoot("straight");
  await answer("skip");
  await step("change");
  await until("the difference", async () => (await phone.page.locator("#calibrate-lines li").count()) > 0);
  const lines = await phone.page.locator("#calibrate-lines li").allTextContents();
  assert.ok(lines.includes("+ inverted = [false, true]"), lines.join("\n"));
  await shoot("change");
  assert.doesNotMatch(robot.file(), /inverted/, "nothing is written before it is wanted");
  await answer("write");
  await step("written");
  await shoot("written");
  assert.match(robot.file(), /^# mine\n[^]*inverted = \[false, true\]/);
  await answer("close");
  for (let tries = 3; ; tries -= 1) {
    await phone.push(0, -0.4);
    try {
      await until("both motors forward", () => board.outputs[board.outputs.length - 1][1] > 300 && board.outputs[board.outputs.length - 1][2] < -300, 4000);
      break;
    } catch (error) {
      if (tries === 0) throw error;
      await phone.lift();
      await pause(500);
    }
  }
  await phone.lift();
  await board.rests();
  assert.deepEqual(phone.complaints, []);
});

/** Goal: whatever ends a hold stops the motor, is told, and the way goes on from there. */
test("a held motor stops with the finger, at STOP, by a second finger and with the page", async () => {
  await begun(screens.small);
  const stops = async (what, fault) => {
    const took = (await board.rests()) - fault;
    assert.ok(took <= PROMISED_MS, `${what}: ${took} ms`);
    await board.staysOff(300);
  };
  await holding();
  let fault = now();
  await phone.touch("touchEnd");
  await stops("finger lifted", fault);

  await holding();
  const [held, second] = [await phone.point("#calibrate-hold"), await phone.point("#calibrate-words", 0, 0, 1)];
  fault = now();
  await phone.touch("touchStart", held, second);
  await stops("second finger", fault);
  await until("a reason", async () => (await text("#calibrate-note")) !== "");
  assert.match(await text("#calibrate-note"), /second finger|Hold again/);
  await phone.lift();

  await holding();
  fault = now();
  await phone.page.keyboard.press("Space");
  await stops("STOP", fault);
  await phone.lift();
  await phone.says("latched");
  await shoot("latched");
  await phone.press("#reset");
  await until("the reset", async () => (await phone.state()) !== "latched", 5000);
  await phone.lift();
  await board.staysOff(300);
  await step("direction");
  assert.match(await text("#calibrate-note"), /STOP is latched. Once it is reset|Hold again/);
  await hold(turning, "forward");

  await holding();
  fault = now();
  await phone.page.close();
  await stops("page closed", fault);
});

/** Goal: while a wheel is watched STOP is where it always is, and nothing is cut off, on every screen. */
test("calibration leaves STOP in reach on every screen", async () => {
  for (const screen of Object.values(screens)) {
    await begun(screen);
    await hold(turning, "forward");
    await shoot(`direction-${screen.width}`);
    const covered = await phone.page.evaluate(() => {
      const stop = document.getElementById("stop");
      const { left, top, width, height } = stop.getBoundingClientRect();
      const at = (right, down) => document.elementFromPoint(left + width * right, top + height * down);
      return [[0.1, 0.2], [0.5, 0.5], [0.9, 0.2], [0.9, 0.8]].filter((place) => !stop.contains(at(...place)));
    });
    assert.deepEqual([covered, await phone.faults()], [[], []], `${screen.width}x${screen.height}`);
    await phone.close();
    phone = null;
  }
});

/** Goal: who may not calibrate is not shown how, and a simulated robot has nothing to find out. */
test("only operators of real robots find calibration", async () => {
  const finds = async (house, role) => {
    phone = await Visitor.open(browser, house, { cookies: await house.guest(role, role) });
    await phone.says("ready", "watching", "stopped");
    await phone.page.getByRole("button", { name: "Settings" }).click();
    await phone.page.locator("#settings").waitFor();
    const found = await phone.page.locator("#calibrate-open").isVisible();
    await phone.close();
    phone = null;
    return found;
  };
  const another = await Board.start();
  const real = await House.open({ args: ["--serial", another.port] });
  const simulated = await House.open();
  try {
    assert.deepEqual([await finds(real, "operator"), await finds(real, "driver")], [true, false]);
    assert.equal(await finds(simulated, "operator"), false);
  } finally {
    await real.stop();
    await simulated.stop();
    another.end();
  }
});
