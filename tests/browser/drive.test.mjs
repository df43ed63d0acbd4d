// A thumb on the glass moves wheels, and every way of losing it stops them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { screens, stage, until, Visitor } from "./harness.mjs";

const set = stage();
const { visitors } = set;

async function visit(options) {
  const visitor = await Visitor.open(set.browser, set.robot, options);
  visitors.push(visitor);
  await visitor.says("ready", "watching", "stopped");
  await until("a free seat", () => visitor.page.evaluate(() => document.body.dataset.seat === "free"), 5000);
  return visitor;
}

/** Goal: from a fresh page one drag is enough, and the picture follows the robot. */
test("dragging the stick turns the wheels and moves the robot on the map", async () => {
  const phone = await visit();
  const before = await phone.pose();
  await phone.push(0, -0.4);
  await phone.turns();
  await phone.says("driving");
  const [left, right] = await phone.wheels();
  assert.ok(left > 0 && right > 0, `${left} ${right}`);
  await until("the robot to move", async () => Math.hypot((await phone.pose()).x - before.x, (await phone.pose()).y - before.y) > 0.05);
  await phone.lift();
  await phone.settles();
  const { x, y } = await phone.pose();
  await pause(300);
  assert.deepEqual([(await phone.pose()).x, (await phone.pose()).y], [x, y]);
});

/** Goal: right on the glass is right on the floor. */
test("pushing right turns right", async () => {
  const phone = await visit();
  await phone.push(0.4, 0);
  await phone.turns();
  await until("a turn", async () => {
    const [left, right] = await phone.wheels();
    return left > right;
  });
  await phone.lift();
  await phone.rests(1000);
});

/** Goal: whatever takes the finger away, the wheels rest, and stay so until the stick is touched anew. */
for (const [what, lose] of [
  ["a pointercancel", (phone) => phone.touch("touchCancel")],
  ["a blur", (phone) => phone.page.evaluate(() => dispatchEvent(new Event("blur")))],
  ["a pagehide", (phone) => phone.page.evaluate(() => dispatchEvent(new Event("pagehide")))],
  ["a rotation", (phone) => phone.page.evaluate(() => dispatchEvent(new Event("orientationchange")))],
  [
    "a hidden tab",
    (phone) =>
      phone.page.evaluate(() => {
        Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }),
  ],
]) {
  test(`${what} stops the wheels although the finger is still down`, async () => {
    const phone = await visit();
    await phone.push(0, -0.4);
    await phone.turns();
    await lose(phone);
    await phone.rests(1000);
    if (what !== "a pointercancel") await phone.touch("touchMove", await phone.point("#stick", 0.1, -0.4));
    await phone.staysAtRest(600);
  });
}

/** Goal: STOP works with the other thumb while the stick is held, latches, and only a held reset ends it. */
test("two fingers: STOP beside a held stick latches, and a tap does not reset it", async () => {
  const phone = await visit();
  const thumb = await phone.point("#stick", 0, -0.4, 1);
  await phone.touch("touchStart", { ...(await phone.point("#stick")), id: 1 });
  await phone.touch("touchMove", thumb);
  await phone.turns();
  await phone.touch("touchStart", thumb, await phone.point("#stop", 0, 0, 2));
  await phone.says("latched");
  await phone.rests(1000);
  await phone.touch("touchMove", await phone.point("#stick", 0.2, -0.4, 1), await phone.point("#stop", 0, 0, 2));
  await phone.staysAtRest(500);
  await phone.lift();
  await phone.touch("touchStart", await phone.point("#reset"));
  await pause(400);
  await phone.lift();
  await pause(2500);
  assert.equal(await phone.state(), "latched");
  await phone.touch("touchStart", await phone.point("#reset"));
  await until("the reset", async () => (await phone.state()) !== "latched", 5000);
  await phone.lift();
  await phone.staysAtRest(500);
  await phone.says("ready");
});

/** Goal: space is STOP for everyone, and the latch opens with a held key as well. */
test("space latches and a held Enter on the reset button clears it", async () => {
  const desk = await visit({ screen: screens.desk });
  await desk.page.keyboard.press("Space");
  await desk.says("latched");
  await desk.page.focus("#reset");
  await desk.page.keyboard.down("Enter");
  await until("the reset", async () => (await desk.state()) !== "latched", 5000);
  await desk.page.keyboard.up("Enter");
});

/** Goal: keys drive while they are held, and typing drives nothing. */
test("keys drive while held, but never while somebody types", async () => {
  const desk = await visit({ screen: screens.desk });
  for (const key of ["w", "ArrowLeft"]) {
    await desk.page.keyboard.down(key);
    desk.lift = () => desk.page.keyboard.up(key);
    desk.again = async () => {
      await pause(100);
      await desk.page.keyboard.down(key);
    };
    await desk.turns();
    await desk.page.keyboard.up(key);
    await desk.rests(1000);
  }
  await desk.page.focus("#chat-text");
  await desk.page.keyboard.type("wasd and a space");
  await desk.staysAtRest(400);
  assert.notEqual(await desk.state(), "latched");
  await desk.page.keyboard.press("Enter");
  await until("the line", async () => (await desk.page.locator("#chat-lines").textContent()).includes("wasd and a space"));
});

/** Goal: the five buttons drive while a finger is on them. */
test("direction buttons drive while held", async () => {
  const phone = await visit();
  for (const [way, fits] of [
    ["up", ([left, right]) => left > 0 && right > 0],
    ["down", ([left, right]) => left < 0 && right < 0],
    ["left", ([left, right]) => left < right],
    ["right", ([left, right]) => left > right],
  ]) {
    await phone.press(`[data-way="${way}"]`);
    await phone.turns((wheels) => wheels.length > 0 && fits(wheels));
    await phone.lift();
    await phone.rests(1000);
  }
});

/** Goal: one drives, the others see who, and their thumbs move nothing. */
test("a second phone watches, is told who drives, and can be handed the seat", async () => {
  const first = await visit();
  const second = await visit({ screen: screens.landscape });
  await first.push(0, -0.3);
  await first.turns();
  await second.says("watching");
  const words = await second.page.locator("#seat-words").textContent();
  assert.match(words, /drives/);
  const before = await first.wheels();
  await second.push(0.4, 0);
  await until("a refusal", async () => (await second.toasts()).some((text) => /drives/.test(text)));
  await pause(300);
  const [left, right] = await first.wheels();
  assert.ok(before.length === 2 && Math.abs(left - right) < 50, "the watcher's thumb turned the robot");
  await second.lift();
  await first.lift();
  await first.rests(1000);
  await second.page.locator("#seat-button").tap();
  await until("the question", async () => /asks/.test(await first.page.locator("#seat-words").textContent()));
  await first.page.locator("#seat-button").tap();
  await until("the seat", () => second.page.evaluate(() => document.body.dataset.seat === "mine"));
  await pause(400);
  await second.push(0, -0.4);
  await second.turns();
  await second.lift();
  await second.rests(1000);
});

/** Goal: a chat line is text, whatever is in it. */
test("chat shows markup as text", async () => {
  const phone = await visit();
  await phone.page.locator("#chat-toggle").tap();
  await phone.page.fill("#chat-text", "<img src=x onerror=alert(1)>");
  await phone.page.keyboard.press("Enter");
  await until("the line", async () => (await phone.page.locator("#chat-lines").textContent()).includes("<img src=x"));
  assert.equal(await phone.page.locator("#chat-lines img").count(), 0);
});
