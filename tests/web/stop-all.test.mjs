// STOP for all robots until all have confirmed it, in virtual time.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { StopAll } from "../../web/stop-all.js";
import { FakeClock, FakeLine } from "./clock.mjs";

const robot = (name, state, here = true) => ({ name, state, here });
const RUNNING = [robot("Rover", "driving"), robot("Dino", "ready")];
const LATCHED = [robot("Rover", "latched"), robot("Dino", "latched")];

let clock;
let line;
let all;

beforeEach(() => {
  clock = new FakeClock();
  line = new FakeLine(clock);
  line.answer = () => ({ ok: true, robots: LATCHED });
  all = new StopAll(line, clock);
});

const times = () => line.asked.map(({ at }) => at - line.asked[0].at);

/** Goal: it acts in the same moment, names what it is for, and is over once all have confirmed. */
test("one press stops all, without a question", async () => {
  const heard = [];
  all.onrobots = (robots) => heard.push(robots);
  all.press("test", RUNNING);
  assert.deepEqual([all.outcome, all.missing], ["waiting", ["Rover", "Dino"]]);
  assert.deepEqual(line.asked.map(({ name, value }) => [name, value]), [["robots", { do: "stop", reason: "test" }]]);
  await clock.move(3000);
  assert.deepEqual([all.outcome, all.missing, line.asked.length, heard], ["done", [], 1, [LATCHED]]);
});

/** Goal: an answer that does not come is no end. */
test("it is repeated every 200 ms until there is an answer", async () => {
  let calls = 0;
  line.answer = () => {
    calls += 1;
    if (calls < 4) throw new Error("no answer");
    return { ok: true, robots: LATCHED };
  };
  all.press("test", RUNNING);
  await clock.move(3000);
  assert.deepEqual([times(), all.outcome], [[0, 200, 400, 600], "done"]);
});

/** Goal: who has not confirmed is named, and asked again. */
test("it goes on while a robot that is here has not confirmed", async () => {
  line.answer = () => ({ ok: false, why: "Dino has not answered", robots: [LATCHED[0], robot("Dino", "no_robot")] });
  all.press("test", RUNNING);
  await clock.move(2500);
  assert.deepEqual([all.outcome, all.missing, all.why], ["waiting", ["Dino"], "Dino has not answered"]);
  assert.deepEqual(times(), [0, 1000, 2000]);
  line.answer = () => ({ ok: true, robots: LATCHED });
  await clock.move(1000);
  assert.deepEqual([all.outcome, all.missing], ["done", []]);
});

/** Goal: a robot that is switched off does not make the page stop the others for ever. */
test("robots that are away are left to the relay", async () => {
  line.answer = () => ({ ok: false, robots: [LATCHED[0], robot("Dino", "no_robot", false)] });
  all.press("test", RUNNING);
  await clock.move(5000);
  assert.deepEqual([all.outcome, all.missing, line.asked.length], ["owed", ["Dino"], 1]);
});

/** Goal: what an operator has reset is not stopped again by an old press. */
test("a reset of one robot ends the repetition", async () => {
  line.answer = () => ({ ok: false, robots: [LATCHED[0], robot("Dino", "starting")] });
  all.press("test", RUNNING);
  await clock.move(100);
  all.heard([LATCHED[0], robot("Dino", "starting")]);
  assert.equal(all.outcome, "waiting", "Dino had not confirmed it");
  all.heard([robot("Rover", "no_robot", false), robot("Dino", "starting")]);
  assert.equal(all.outcome, "waiting", "a robot that went away was not reset");
  all.heard([robot("Rover", "starting"), robot("Dino", "starting")]);
  await clock.move(5000);
  assert.deepEqual([all.outcome, all.missing, line.asked.length], ["reset", ["Dino"], 1]);
});

/** Goal: it is never too late to stop. */
test("without a connection it is said when there is one", async () => {
  line.ready = false;
  all.press("test", RUNNING);
  await clock.move(1000);
  assert.deepEqual([all.outcome, line.asked.length], ["offline", 0]);
  line.ready = true;
  await clock.move(400);
  assert.deepEqual([all.outcome, line.asked.length], ["done", 1]);
});

/** Goal: a page that may not is told so, and does not ask for ever. */
test("a refusal ends it with its sentence", async () => {
  line.answer = () => ({ ok: false, why: "only operators may", robots: [] });
  all.press("test", RUNNING);
  await clock.move(3000);
  assert.deepEqual([all.outcome, all.why, line.asked.length], ["refused", "only operators may", 1]);
});

/** Goal: two presses are not twice as many words, and the newer one counts anew. */
test("a second press takes over from the first", async () => {
  line.answer = () => ({ ok: false, robots: RUNNING });
  all.press("one", RUNNING);
  await clock.move(500);
  all.press("two", RUNNING);
  await clock.move(2500);
  assert.deepEqual(line.asked.map(({ value }) => value.reason), ["one", "two", "two", "two"]);
});
