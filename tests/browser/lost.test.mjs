// The relay dies and comes back while a thumb is on the stick.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { launch, Robot, Visitor } from "./harness.mjs";

let browser;
let robot;

before(async () => {
  browser = await launch();
  robot = await Robot.start();
});
after(async () => {
  await browser?.close();
  await robot?.stop();
});

/** Goal: a reconnect never moves the robot: the thumb must come off the stick first. */
test("a stick held while the relay was killed drives nothing until it was let go", async () => {
  const phone = await Visitor.open(browser, robot);
  await phone.says("ready");
  await phone.push(0, -0.4);
  await phone.turns();
  await robot.kill();
  await phone.says("lost");
  await phone.touch("touchMove", await phone.point("#stick", 0.05, -0.4));
  await robot.run();
  await phone.says("ready", "stopped");
  for (let step = 0; step < 10; step += 1) {
    await phone.touch("touchMove", await phone.point("#stick", 0.01 * step, -0.4));
    await phone.staysAtRest(150);
  }
  await phone.lift();
  await pause(100);
  await phone.push(0, -0.4);
  await phone.turns();
  await phone.lift();
  await phone.rests(1000);
  await phone.close();
});

/** Goal: a radio that fell silent is told, although the socket still claims to be open. */
test("a silent radio is shown as lost and heals by itself", async () => {
  const phone = await Visitor.open(browser, robot);
  await phone.says("ready");
  await phone.context.setOffline(true);
  await phone.says("lost");
  assert.match(await phone.page.locator("#detail-text").textContent(), /stops by itself/);
  await phone.context.setOffline(false);
  await phone.says("ready");
  await phone.close();
});
