// STOP until it is confirmed, and the reset that has to be held, in virtual time.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Reset, Stop } from "../../web/stop.js";
import { FakeClock, FakeLine } from "./clock.mjs";

let clock;
let line;

beforeEach(() => {
  clock = new FakeClock();
  line = new FakeLine(clock);
});

/** Goal: a STOP that was not confirmed is said again, every 200 ms, until it is. */
test("STOP is repeated until its acknowledgement says ok", async () => {
  let calls = 0;
  line.answer = () => {
    calls += 1;
    if (calls === 1) throw new Error("no answer");
    return calls < 4 ? { ok: false, why: "the latch could not be written" } : { ok: true };
  };
  const stop = new Stop(line, clock);
  const doubts = [];
  stop.ondoubt = (why) => doubts.push(why);
  stop.press("test");
  await clock.move(2000);
  assert.deepEqual(line.asked.map(({ at }) => at - line.asked[0].at), [0, 200, 400, 600]);
  assert.equal(line.asked[0].value.reason, "test");
  assert.equal(stop.waiting, false);
  assert.equal(doubts.length, 3);
});

/** Goal: STOP survives a lost connection: it is the one thing that is never too late. */
test("STOP pressed without a connection is said when there is one", async () => {
  line.ready = false;
  const stop = new Stop(line, clock);
  stop.press("test");
  await clock.move(1000);
  assert.deepEqual([line.asked.length, stop.waiting], [0, true]);
  line.ready = true;
  await clock.move(400);
  assert.deepEqual([line.asked.length, stop.waiting], [1, false]);
});

/** Goal: two presses do not double the repetition. */
test("a second press takes over from the first", async () => {
  line.answer = () => ({ ok: false });
  const stop = new Stop(line, clock);
  stop.press("one");
  await clock.move(100);
  stop.press("two");
  await clock.move(900);
  assert.equal(line.asked.filter(({ value }) => value.reason === "one").length, 1);
  assert.equal(line.asked.filter(({ value }) => value.reason === "two").length, 5);
});

/** Goal: a STOP that was meant for one robot stops no other. */
test("a press is forgotten when the page goes to another robot", async () => {
  line.ready = false;
  const stop = new Stop(line, clock);
  const waits = [];
  stop.onchange = (waiting) => waits.push(waiting);
  stop.forget();
  stop.press("test");
  stop.forget();
  line.ready = true;
  await clock.move(1000);
  assert.deepEqual([line.asked.length, waits], [0, [true, false]]);
});

function resetting() {
  line.answer = (name, { nonce }) => (nonce === undefined ? { ok: true, nonce: 99 } : { ok: true });
  const reset = new Reset(line, clock);
  const phases = [];
  reset.onchange = (phase) => phases.push(phase);
  return { reset, phases };
}

/** Goal: the nonce goes back only after the button was held for the relay's whole time. */
test("reset sends its nonce after it was held long enough", async () => {
  const { reset, phases } = resetting();
  void reset.press(2000);
  await clock.move(2040);
  assert.deepEqual(line.asked.map(({ value }) => value), [{}]);
  await clock.move(20);
  assert.deepEqual(line.asked.map(({ value }) => value), [{}, { nonce: 99 }]);
  assert.deepEqual(phases, ["asking", "held", "done"]);
});

/** Goal: a tap resets nothing. */
test("letting go early cancels the reset", async () => {
  const { reset, phases } = resetting();
  void reset.press(2000);
  await clock.move(1900);
  reset.release();
  await clock.move(5000);
  assert.deepEqual(line.asked.map(({ value }) => value), [{}]);
  assert.equal(phases.at(-1), "idle");
});

/** Goal: a finger that left before the first answer does not begin the count. */
test("letting go before the first answer cancels too", async () => {
  const { reset } = resetting();
  void reset.press(2000);
  reset.release();
  await clock.move(5000);
  assert.equal(line.asked.length, 1);
});

/** Goal: a refusal is told and ends the hold. */
test("a refused reset says why", async () => {
  const { reset } = resetting();
  const told = [];
  reset.onrefused = (why) => told.push(why);
  line.answer = () => ({ ok: false, why: "only an operator may reset" });
  await reset.press(2000);
  await clock.move(5000);
  assert.deepEqual(told, ["only an operator may reset"]);
  assert.equal(line.asked.length, 1);
});
