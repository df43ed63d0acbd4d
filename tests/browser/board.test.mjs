// From a thumb on the glass to the pins of an Arduino, and every way of losing it.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Board, now } from "./board.mjs";
import { launch, Robot, screens, until, Visitor } from "./harness.mjs";

const PROMISED_MS = 250;

let browser;
let board;
let robot;
let phone;

before(async () => {
  browser = await launch();
  board = await Board.start();
  robot = await Robot.start(`[robot]\nserial = "${board.port}"\n`);
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

/** A phone whose thumb holds the stick forward, until the pins move. */
async function driving() {
  phone = await Visitor.open(browser, robot);
  await phone.says("ready", "watching", "stopped");
  await until("a free seat", () => phone.page.evaluate(() => document.body.dataset.seat === "free"), 5000);
  for (let tries = 5; ; tries -= 1) {
    await phone.push(0, -0.4);
    try {
      await board.turns();
      return;
    } catch (error) {
      // Held up by other work on this machine, the program may want the stick released once.
      if (tries === 0) throw error;
      await phone.lift();
      await phone.says("ready");
      await pause(500);
    }
  }
}

/** Asserts that the pins are off soon enough after `fault`, ms of the shared clock; says how long it took. */
async function stops(what, fault, within) {
  const took = (await board.rests()) - fault;
  assert.ok(took <= within, `${what}: ${took} ms`);
  console.error(`Uno, ${what}: pins off after ${took.toFixed(1)} ms`);
}

/** Goal: I2, the plain case: a thumb moves pins, and lifting it stops them. */
test("a thumb on the glass moves the pins of an Uno, and lifting it stops them", async () => {
  await driving();
  await pause(300);
  const lifted = now();
  await phone.lift();
  await stops("thumb lifted", lifted, PROMISED_MS);
});

/** Goal: whoever asks sees what became of every command, and STOP stays in reach meanwhile. */
test("the figures of the cable open over the page and never over STOP", async () => {
  for (const screen of Object.values(screens)) {
    phone = await Visitor.open(browser, robot, { screen });
    await phone.says("ready", "watching", "stopped");
    await phone.page.getByRole("button", { name: "Details" }).click();
    const figures = () => phone.page.locator("#cable dd").allTextContents();
    await until("commands that were accepted", async () => Number((await figures())[1]) > 0, 5000);
    assert.ok((await figures()).every((figure) => /^\d+$/.test(figure)), await figures());
    const covered = await phone.page.evaluate(() => {
      const stop = document.getElementById("stop");
      const { left, top, width, height } = stop.getBoundingClientRect();
      const at = (right, down) => document.elementFromPoint(left + width * right, top + height * down);
      return [[0.1, 0.2], [0.5, 0.5], [0.9, 0.2], [0.9, 0.8]].filter((place) => !stop.contains(at(...place)));
    });
    assert.deepEqual(covered, [], JSON.stringify(screen));
    await phone.page.locator("#stop").hover();
    await phone.close();
  }
  phone = null;
});

/** Goal: I1, the page dies with the thumb on the glass. */
test("a page that is closed stops the pins", async () => {
  await driving();
  const closed = now();
  await phone.close();
  phone = null;
  await stops("page closed", closed, PROMISED_MS);
});

/** Goal: I1 and row 4, the page's thread is blocked for two seconds. */
test("a page that hangs stops the pins, and what it sends afterwards moves nothing by itself", async () => {
  await driving();
  const hung = now();
  const done = phone.page.evaluate(() => {
    for (const end = performance.now() + 2000; performance.now() < end; );
  });
  // Samples may leave until the script begins; that is some milliseconds after it was sent off.
  await stops("page hangs", hung + 50, PROMISED_MS);
  await done;
});

/** Goal: I1 and row 1, the radio goes without a word. */
test("a phone without a network stops the pins", async () => {
  await driving();
  await phone.context.setOffline(true);
  await stops("network gone", now(), PROMISED_MS);
});

/** Goal: I1 and row 8, from the page to the pins, with the program killed in between. */
test("a program that is killed stops the pins", async () => {
  await driving();
  const killed = now();
  await robot.kill();
  await stops("program killed", killed, PROMISED_MS);
});
