// What the official Node.js client says becomes frames on a serial line, and what it stops saying stops them.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { kind } from "./frames.mjs";
import { Rig, now, until } from "./rig.mjs";

let rig;
before(async () => (rig = await Rig.start()));
afterEach(() => rig?.leave());
after(() => rig?.stop());

test("every byte to the robot is a whole frame, and the session is opened before anything moves", async () => {
  await rig.client();
  assert.deepEqual(rig.tap.toRobot.messages.filter((message) => message.bad), []);
  const [hello] = rig.said(kind.hello);
  const [drive] = rig.drives();
  assert.ok(hello.t < drive.t && rig.said(kind.arm).length > 0);
  assert.ok(rig.drives().every((each) => each.still && each.session === drive.session));
});

test("a press of left turns left for 400 ms at half speed at most, and ends by itself", async () => {
  const client = await rig.client();
  await rig.rests();
  const pressed = now();
  client.emit("direction", "left");
  await until("motion", () => rig.drives(pressed).some((drive) => !drive.still));
  await rig.rests();
  const moving = rig.drives(pressed).filter((drive) => !drive.still);
  for (const { motors } of moving) {
    assert.ok(motors[0] < 0 && motors[1] > 0, `left became ${motors}`);
    assert.ok(Math.abs(motors[0]) <= 500 && Math.abs(motors[1]) <= 500, `too fast: ${motors}`);
  }
  assert.deepEqual(moving.find(({ motors }) => motors[0] === -500)?.motors, [-500, 500], "never reached half speed");
  const lasted = moving.at(-1).t - moving[0].t;
  assert.ok(lasted > 300 && lasted < 600, `it lasted ${lasted} ms`);
});

test("the classic stop is zero in the very next frame, without a ramp", async () => {
  const client = await rig.client();
  await rig.rests();
  const pressed = now();
  client.emit("direction", "up");
  await until("full nudge", () => rig.drives(pressed).some(({ motors }) => motors[0] === 500));
  client.emit("direction", "stop");
  await rig.rests();
  const speeds = rig.drives(pressed).map(({ motors }) => motors[0]);
  assert.equal(speeds[speeds.lastIndexOf(500) + 1], 0, `${speeds}`);
});

test("a stick drives once its holder has shown it released, and frames carry the echoed time", async () => {
  const client = await rig.client();
  await rig.rests();
  await until("the seat", async () => {
    const { ok, seat } = await client.ask("seat", { want: "take" });
    client.epoch = seat.epoch;
    return ok;
  });
  const early = now();
  await client.hold(0, 0.6, 150);
  assert.ok(rig.drives(early).every((drive) => drive.still), "moved before the stick was released once");
  await client.release();
  const sent = await client.hold(0, 0.6, 600);
  const top = rig.drives(early).filter(({ motors }) => motors[0] === 600);
  assert.ok(top.length > 5);
  for (const { motors, ttl, epoch, flags, tick } of top) {
    assert.deepEqual(motors, [600, 600]);
    assert.ok(ttl > 0 && ttl <= 230 && flags === 1 && epoch === (client.epoch & 255));
    assert.ok(tick <= sent.tick, "a frame rests on a time that its driver had not seen");
  }
});

test("when samples stop without a word, frames are zero within 250 ms", async () => {
  const client = await rig.client();
  await client.takeSeat();
  const last = await client.hold(0, 0.6, 600);
  await rig.rests();
  const moving = rig.drives(last.t).filter((drive) => !drive.still);
  assert.ok(moving.length > 0);
  const lasted = moving.at(-1).t - last.t;
  console.log(`last moving frame ${lasted.toFixed(1)} ms after the last sample`);
  assert.ok(lasted <= 250, `a frame moved ${lasted} ms after the last sample`);
});

test("from full speed the robot's own wheels rest 250 ms of its clock after the last time it heard of", async () => {
  const client = await rig.client();
  await client.takeSeat();
  const last = await client.hold(0, 1, 800);
  await rig.rests(400);
  const statuses = rig.statuses(last.t);
  const late = statuses.filter(({ tick, still }) => tick > last.tick + 250 && !still);
  assert.deepEqual(late, []);
  assert.ok(statuses.some(({ motors }) => motors[0] > 900), "it was not at full speed");
});

test("STOP latches on the wire, outlives every wish, and only a held reset opens it", async () => {
  const client = await rig.client();
  const bystander = await rig.client();
  await client.takeSeat();
  await client.hold(0, 0.8, 400);
  const pressed = now();
  const { ok, why } = await bystander.ask("stop", { reason: "a cat" });
  assert.ok(ok, why);
  // The tap is a process of its own: what it has seen may be heard of a little after the answer.
  await until("the robot to be told", () => rig.said(kind.latch, pressed).length > 0);
  const moved = () => rig.from(kind.latch, pressed).filter((message) => message.kind === kind.drive && !message.still);
  assert.deepEqual(moved(), [], "a frame moved after LATCH");
  await client.robotIs("latched");
  await client.hold(0, 0.8, 200);
  bystander.emit("direction", "up");
  await client.hold(0, 0.8, 200);
  assert.deepEqual(moved(), [], "a latched robot moved");
  assert.match(client.telemetry.reason.text, /a cat/);

  const soon = await bystander.ask("reset", {});
  assert.ok(soon.ok, soon.why);
  assert.equal((await bystander.ask("reset", { nonce: soon.nonce })).ok, false, "it was not held");
  const press = await bystander.ask("reset", {});
  await pause(bystander.welcome.limits.reset_hold_ms + 50);
  assert.deepEqual(rig.said(kind.latchReset), []);
  const released = await bystander.ask("reset", { nonce: press.nonce });
  assert.ok(released.ok, released.why);
  await client.robotIs("ready");
  assert.ok(rig.said(kind.latchReset, pressed).length > 0);
  assert.deepEqual(moved(), [], "it moved by itself after the reset");
  await client.takeSeat();
  const again = now();
  await client.hold(0.5, 0, 300);
  assert.ok(rig.drives(again).some(({ motors }) => motors[0] > 0 && motors[1] < 0), "it does not drive again");
});
