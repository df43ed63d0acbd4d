// Several robots behind one relay, each with an agent of its own: who is at which, who can stop all, and what is told when one is gone.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { launch, screens, screenshots, until, Visitor } from "./harness.mjs";
import { School } from "./school.mjs";

/** Wheels rest within this after whatever stops them, ms: the promise, and the way of the news to a page. */
const STOPPED_MS = 1000;

let browser;
let school;
const open = [];

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  [browser, school] = await Promise.all([launch(), School.with("Rover", "Dino")]);
});
after(async () => {
  await browser?.close();
  await school?.stop();
});
afterEach(async () => {
  for (const visitor of open.splice(0)) await visitor.close();
});

/** Each guest is let in once, and comes again. @type {Map<string, Awaited<ReturnType<School["guest"]>>>} */
const guests = new Map();
async function visit(role, name, options = {}) {
  if (!guests.has(name)) guests.set(name, await school.guest(role, name));
  const visitor = await Visitor.open(browser, school, { ...options, cookies: guests.get(name) });
  open.push(visitor);
  return visitor;
}
const at = (robot) => `/?robot=${encodeURIComponent(robot)}`;
const text = (visitor, selector) => visitor.page.locator(selector).textContent();
const reads = (visitor, selector, words, ms = 8000) =>
  until(`${words} in ${selector}`, async () => words.test((await text(visitor, selector)) ?? ""), ms);
const row = (visitor, robot) => visitor.page.locator(`#robots-list li[data-robot="${robot}"]`);
const names = (visitor) => visitor.page.locator("#robots-list li").evaluateAll((rows) => rows.map((row) => row.dataset.robot));
const chain = (visitor) => visitor.page.evaluate(() => document.getElementById("chain").dataset.broken);
const shoot = (visitor, name) => visitor.page.screenshot({ path: join(screenshots, `${name}.png`) });

/** Closes the list, so that what is under it can be reached. */
const shut = async (visitor) => {
  await visitor.page.locator("#robots-close").tap();
  await until("the list to close", async () => !(await visitor.page.locator("#robots").isVisible()));
};

/** Holds reset until the robot at which this operator is is open again. */
async function unlatch(operator) {
  await operator.says("latched");
  await operator.touch("touchStart", await operator.point("#reset"));
  await until("the reset", async () => (await operator.state()) !== "latched", 8000);
  await operator.lift();
  await operator.says("ready", "watching");
}

/** Goal: whoever names no robot chooses one, is there and nowhere else, and comes back to it by reload and by memory. */
test("a phone chooses its robot, and stays with it", async () => {
  const phone = await visit("driver", "Chooser", { screen: screens.small });
  await phone.says("choosing");
  await until("both robots", async () => (await names(phone)).length === 2);
  assert.match(await text(phone, "#robots-title"), /Which robot/);
  assert.equal(await phone.page.locator("#stop-all").isVisible(), false, "a driver stops all");
  for (const gone of ["#stop", "#stick", "#pad", "#chat-toggle"]) assert.equal(await phone.page.locator(gone).isVisible(), false, gone);
  assert.deepEqual(await phone.faults(), []);
  await shoot(phone, "robots-choose");
  await row(phone, "Dino").locator(".go").tap();
  await phone.says("ready");
  assert.match(await text(phone, "#robot-name"), /^Dino/);
  assert.equal(new URL(phone.page.url()).searchParams.get("robot"), "Dino");
  assert.deepEqual(await phone.faults(), []);
  await shoot(phone, "robots-at-one");
  await phone.page.reload();
  await phone.says("ready");
  assert.match(await text(phone, "#robot-name"), /^Dino/);
  await phone.page.goto(`${school.url}/`);
  await phone.says("ready");
  assert.match(await text(phone, "#robot-name"), /^Dino/);
  assert.deepEqual(phone.complaints, []);
});

/** Goal: two phones at two robots: each turns the wheels of its own and of no other. */
test("a phone drives its own robot and no other", async () => {
  const [rover, dino] = [await visit("driver", "Anne", { path: at("Rover") }), await visit("driver", "Bob", { path: at("Dino") })];
  for (const [driver, other] of [[rover, dino], [dino, rover]]) {
    await driver.says("ready");
    await driver.push(0, -0.4);
    await driver.turns();
    await driver.says("driving");
    await other.staysAtRest(500);
    await other.says("ready");
    await driver.lift();
    await driver.rests(2000);
  }
  await rover.push(0, -0.4);
  await dino.push(0, 0.4);
  await rover.turns((wheels) => wheels.length > 0 && wheels.every((wheel) => wheel > 0));
  await dino.turns((wheels) => wheels.length > 0 && wheels.every((wheel) => wheel < 0));
  await rover.lift();
  await dino.lift();
});

/** Goal: going to another robot lets the first one rest and leaves its seat, and the next is driven only after a new touch. */
test("another robot is gone to with the thumb off and the seat left", async () => {
  const phone = await visit("driver", "Rover of two", { path: at("Rover") });
  const watcher = await visit("viewer", "Watcher", { path: at("Rover") });
  await phone.says("ready");
  await phone.push(0, -0.4);
  await phone.turns();
  await watcher.turns();
  // A second finger, while the first still drives.
  await phone.page.locator("#robots-toggle").dispatchEvent("click");
  await until("the list", () => phone.page.locator("#robots.shown").isVisible());
  await watcher.rests(STOPPED_MS);
  await row(phone, "Dino").locator(".go").dispatchEvent("click");
  await reads(phone, "#robot-name", /^Dino/);
  await phone.says("ready");
  await until("a free seat at Rover", () => watcher.page.evaluate(() => document.body.dataset.seat === "free"));
  await phone.touch("touchMove", await phone.point("#stick", 0, -0.45));
  await phone.staysAtRest(700);
  await watcher.staysAtRest(300);
  await phone.lift();
  await pause(300);
  await phone.push(0, -0.4);
  await phone.turns();
  await watcher.staysAtRest(500);
  await phone.lift();
});

/** Goal: a robot that was asked for and is not there is named, and nobody drives another in its place. */
test("a robot that is not here is waited for, and another is offered", async () => {
  const phone = await visit("driver", "Patient", { path: at("Ghost"), screen: screens.small });
  await phone.says("choosing");
  await reads(phone, "#robots-title", /Ghost is not connected to the relay/);
  await until("both robots", async () => (await names(phone)).length === 2);
  await shoot(phone, "robots-missing");
  await phone.page.keyboard.down("w");
  await until("a sentence", async () => (await phone.toasts()).some((said) => /Choose a robot first/.test(said)));
  await phone.page.keyboard.up("w");
  await school.enrol("Ghost");
  await phone.says("ready");
  assert.match(await text(phone, "#robot-name"), /^Ghost/);
  await school.agents.get("Ghost").kill();
  await reads(phone, "#detail-text", /program is not connected to the relay/);
});

/** Goal: one press latches every robot at once, whoever drives, and whoever is asked sees it. */
test("STOP ALL stops all robots", async () => {
  const operator = await visit("operator", "Teacher", { path: at("Rover"), screen: screens.small });
  const [anne, bob] = [await visit("driver", "Anne", { path: at("Rover") }), await visit("driver", "Bob", { path: at("Dino") })];
  for (const driver of [anne, bob]) {
    await driver.says("ready");
    await driver.push(0, -0.4);
    await driver.turns();
  }
  await operator.page.locator("#robots-toggle").tap();
  await until("drivers in the list", async () => /Anne drives/.test(await row(operator, "Rover").textContent()) && /Bob drives/.test(await row(operator, "Dino").textContent()));
  await shoot(operator, "robots-operator");
  assert.deepEqual(await operator.faults(), []);
  const began = performance.now();
  await operator.page.locator("#stop-all").tap();
  await Promise.all([anne.rests(STOPPED_MS), bob.rests(STOPPED_MS)]);
  console.log(`STOP ALL: both pages told of resting wheels ${Math.round(performance.now() - began)} ms after the tap began`);
  await Promise.all([anne.says("latched"), bob.says("latched")]);
  await until("both rows", async () => (await operator.page.locator('#robots-list li[data-state="latched"]').count()) === 2);
  for (const driver of [anne, bob]) await driver.lift();
  await shoot(operator, "robots-stopped-all");
  await shut(operator);
  await unlatch(operator);
  await operator.page.locator("#robots-toggle").tap();
  await row(operator, "Dino").locator(".go").tap();
  await unlatch(operator);
});

/** Goal: STOP ALL is for a keyboard, too. */
test("STOP ALL is pressed with Enter", async () => {
  const operator = await visit("operator", "Teacher", { path: at("Rover"), screen: screens.landscape });
  await operator.says("ready");
  await operator.page.locator("#robots-toggle").tap();
  await until("the list", () => operator.page.locator("#stop-all").isVisible());
  await shoot(operator, "robots-operator-landscape");
  assert.deepEqual(await operator.faults(), []);
  await operator.page.locator("#stop-all").focus();
  await operator.page.keyboard.press("Enter");
  await operator.says("latched");
  await shut(operator);
  await unlatch(operator);
  await operator.page.goto(school.url + at("Dino"));
  await unlatch(operator);
});

/** Goal: an operator frees a seat, and who was in it is told and waits. */
test("an operator takes a seat away", async () => {
  const operator = await visit("operator", "Teacher", { path: at("Rover") });
  const driver = await visit("driver", "Kicked", { path: at("Dino") });
  await driver.says("ready");
  await driver.push(0, -0.4);
  await driver.turns();
  await operator.says("ready");
  await operator.page.locator("#robots-toggle").tap();
  const kick = row(operator, "Dino").locator(".kick");
  await until("somebody to take it from", () => kick.isVisible());
  assert.equal(await row(operator, "Rover").locator(".kick").isVisible(), false, "nobody drives Rover");
  await kick.tap();
  assert.match(await kick.textContent(), /Really/);
  await kick.tap();
  await driver.rests(STOPPED_MS);
  await reads(operator, "#robots-note", /Kicked has left the seat of Dino/);
  await driver.lift();
  await pause(300);
  await driver.push(0, -0.4);
  await driver.staysAtRest(500);
  await until("a sentence", async () => (await driver.toasts()).some((said) => /took the seat/.test(said)));
  await driver.lift();
});

/** Goal: the page tells which link is down, and is itself again when that is mended. */
test("an agent that dies is told apart, and its robot comes back", async () => {
  const phone = await visit("driver", "Anne", { path: at("Dino"), screen: screens.small });
  const other = await visit("driver", "Bob", { path: at("Rover") });
  await phone.says("ready");
  await other.says("ready");
  assert.equal(await chain(phone), "");
  await phone.push(0, -0.4);
  await other.push(0, -0.4);
  await phone.turns();
  await other.turns();
  await school.agents.get("Dino").kill();
  await phone.says("no_robot");
  await reads(phone, "#detail-text", /program is not connected to the relay/);
  assert.equal(await chain(phone), "agent");
  await reads(phone, "#battery", /^–$/);
  assert.match(await phone.page.getAttribute("#chain", "aria-label"), /between the relay and the robot’s program/);
  await shoot(phone, "robots-agent-gone");
  assert.deepEqual([await other.state(), await other.turning()], ["driving", true], "the other robot was disturbed");
  await other.lift();
  await phone.lift();
  school.agents.get("Dino").run();
  await phone.says("ready");
  assert.equal(await chain(phone), "");
  await phone.push(0, -0.4);
  await phone.turns();
  await phone.lift();
  school.agents.get("Dino").signal("SIGSTOP");
  await reads(phone, "#detail-text", /nothing is heard from the robot’s program/);
  assert.equal(await chain(phone), "agent");
  school.agents.get("Dino").signal("SIGCONT");
  await phone.says("ready", "stopped");
});

/** Goal: without the relay the page says so, and finds its own robot again. */
test("a relay that dies is told apart, and everybody is back at their robot", async () => {
  const phone = await visit("driver", "Anne", { path: at("Dino") });
  await phone.says("ready");
  await school.kill();
  await phone.says("lost");
  assert.equal(await chain(phone), "relay");
  await school.run();
  await phone.says("ready");
  assert.match(await text(phone, "#robot-name"), /^Dino/);
  assert.equal(await chain(phone), "");
});

/** Goal: a device is given its robot where devices are let in. */
test("an operator says which robot a device is for", async () => {
  const driver = await visit("driver", "Assigned", { path: at("Rover") });
  await driver.says("ready");
  const operator = await visit("operator", "Teacher", { path: at("Rover"), screen: screens.small });
  await operator.says("ready");
  await operator.page.locator("#devices-toggle").tap();
  const device = operator.page.locator("#inside li", { hasText: "Assigned" });
  await device.locator("select").selectOption("Dino");
  await until("the device's robot", async () => /Drives · Dino/.test(await device.textContent()));
  assert.equal(await operator.page.locator("#invite-robot").inputValue(), "", "an invitation is for one robot without anybody's word");
  await device.scrollIntoViewIfNeeded();
  await shoot(operator, "robots-devices");
  assert.deepEqual(await operator.faults(), []);
  await driver.page.goto(school.url + at("Rover"));
  await driver.says("choosing");
  await reads(driver, "#robots-title", /Rover is not for this device/);
  await driver.page.locator('#robots-list li[data-robot="Dino"] .go').tap();
  await driver.says("ready");
  await device.locator("select").selectOption("");
  await operator.page.locator("#invite-robot").selectOption("Dino");
  await operator.page.locator("#invite").tap();
  await reads(operator, "#invite-left", /Drives, Dino/);
  const url = await text(operator, "#invite-url");
  await operator.page.locator("#invite").tap();
  const phone = await Visitor.open(browser, school, { at: url });
  open.push(phone);
  await phone.page.locator("#gate-name").fill("Invited");
  await phone.page.locator("#gate-ask").tap();
  await school.approve("Invited");
  await phone.says("ready");
  assert.match(await text(phone, "#robot-name"), /^Dino/);
});
