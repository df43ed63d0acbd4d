// Calibration from question to question, in virtual time: what is told to the motors, and what is made of the answers.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Walk } from "../../web/calibrate.js";
import { FakeClock, settled } from "./clock.mjs";

const PLAIN = { inverted: false, trim: 1, dead_band: 0 };
const FILE = "/home/wren/.config/joywire.toml";

let clock;
let walk;
/** What the motors heard: outputs, or "rest". */
let told;
/** What the robot's computer was asked, and how it answers. */
let asked;
let answers;
/** Whether what is told reaches the motors, and whether the hand is taken at all. */
let turns;
let refused;
let seat;

function begin(wheels, before) {
  told = [];
  asked = [];
  turns = true;
  refused = seat = null;
  answers = {
    show: { ok: true, wheels, motors: before, file: FILE },
    preview: { ok: true, motors: before, file: FILE, lines: ["+ x"], mark: "m1" },
    write: { ok: true },
  };
  walk = new Walk(
    {
      ask: async (request) => {
        asked.push(structuredClone(request));
        const answer = answers[request.want];
        if (!answer) throw new Error("no answer");
        return answer;
      },
      sit: async () => {
        if (seat) walk.interrupt(seat);
        return seat === null;
      },
      turn: (motors) => {
        told.push(motors);
        if (refused) walk.interrupt(refused);
      },
      rest: () => told.push("rest"),
      turns: () => turns,
    },
    clock,
  );
}

/** A walk that was begun, at its first motor. */
async function begun(wheels = "differential", before = [PLAIN, PLAIN]) {
  begin(wheels, before);
  await walk.look();
  await walk.answer("begin");
}

/** Holds the button for a time and lets go. */
async function hold(ms) {
  walk.press();
  await clock.move(ms);
  walk.release();
}

const open = () => walk.answers.filter(([, can]) => can).map(([name]) => name);

beforeEach(() => (clock = new FakeClock()));

/** Goal: the whole walk of a robot with two motors, from the box to the file. */
test("two motors are found one after the other, and written after they were shown", async () => {
  await begun();
  assert.deepEqual([walk.step, walk.motor, walk.motors], ["direction", 0, 2]);
  await hold(600);
  assert.deepEqual(told, [[300, 0, 0, 0], "rest"]);
  await walk.answer("forward");
  await hold(1010);
  assert.deepEqual([walk.began, walk.note], [50, { key: "began", values: { n: 5 } }]);
  await walk.answer("next");
  await hold(600);
  await walk.answer("backward");
  assert.equal(walk.step, "dead_band");
  told = [];
  walk.press();
  assert.deepEqual(told, [[0, -10, 0, 0]], "by the direction that was just found");
  await clock.move(510);
  walk.release();
  await walk.answer("next");
  assert.equal(walk.step, "straight");
  told = [];
  await hold(400);
  assert.deepEqual(told, [[328, -314, 0, 0], "rest"]);
  await walk.answer("right");
  await hold(400);
  await walk.answer("straight");
  const motors = [
    { inverted: false, trim: 0.98, dead_band: 40 },
    { inverted: true, trim: 1, dead_band: 20 },
  ];
  assert.deepEqual([walk.step, walk.lines, asked.at(-1)], ["change", ["+ x"], { want: "preview", motors }]);
  await walk.answer("write");
  assert.deepEqual([walk.step, walk.over, asked.at(-1)], ["written", true, { want: "write", motors, mark: "m1" }]);
  assert.deepEqual(asked.map(({ want }) => want), ["show", "preview", "write"]);
});

/** Goal: the output rises a step of 1 % four times a second, ends at 40 %, and nothing found is made of that. */
test("the dead band is looked for from nothing to 40 %", async () => {
  await begun("differential", [{ ...PLAIN, dead_band: 90 }, PLAIN]);
  await hold(600);
  await walk.answer("forward");
  told = [];
  walk.press();
  await clock.move(9000);
  assert.deepEqual(told.map(([output]) => output), Array.from({ length: 37 }, (_, step) => 10 + 10 * step));
  await clock.move(1500);
  assert.deepEqual([told.at(-2), told.at(-1)], [[400, 0, 0, 0], "rest"]);
  assert.deepEqual([walk.held, walk.began, walk.note], [false, null, { key: "late" }]);
  assert.deepEqual(open(), ["keep", "again"]);
  // The finger that comes up later tells nothing.
  walk.release();
  assert.deepEqual(told.at(-1), "rest");
  await walk.answer("keep");
  for (const answer of ["backward", "keep"]) {
    await hold(600);
    await walk.answer(answer);
  }
  await walk.answer("skip");
  assert.deepEqual(asked.at(-1).motors, [{ ...PLAIN, dead_band: 90 }, { ...PLAIN, inverted: true }]);
});

/** Goal: time in which the robot hears nothing is no time in which it was seen to rest. */
test("the output does not rise until what is told reaches the motors", async () => {
  await begun();
  await hold(600);
  await walk.answer("forward");
  turns = false;
  walk.press();
  await clock.move(3000);
  assert.equal(walk.output, 10);
  turns = true;
  await clock.move(310);
  assert.equal(walk.output, 20);
});

/** Goal: nobody tells what could not be seen. */
test("answers wait until the button was held for long enough", async () => {
  await begun();
  assert.deepEqual(open(), []);
  await walk.answer("backward");
  await hold(200);
  assert.deepEqual([open(), walk.note], [[], { key: "brief" }]);
  await hold(400);
  assert.deepEqual(open(), ["forward", "backward", "none", "other"]);
  walk.press();
  assert.deepEqual(open(), [], "nor while it is held");
  walk.release();
  assert.equal(walk.step, "direction");
});

/** Goal: a hold that ended by anything but its finger found nothing, and nothing found before is lost. */
test("what was interrupted is looked at again", async () => {
  await begun();
  await hold(600);
  await walk.answer("backward");
  walk.press();
  await clock.move(1000);
  walk.interrupt({ key: "ended.latched" });
  assert.deepEqual([walk.held, walk.began, walk.note, told.at(-1)], [false, null, { key: "ended.latched" }, "rest"]);
  const { length } = told;
  await clock.move(5000);
  walk.release();
  assert.equal(told.length, length, "a finger that still lies there tells nothing");
  await walk.answer("keep");
  for (const answer of ["forward", "keep"]) {
    await hold(600);
    await walk.answer(answer);
  }
  await walk.answer("skip");
  assert.deepEqual(asked.at(-1).motors, [{ ...PLAIN, inverted: true }, PLAIN]);
});

/** Goal: a hand that is refused tells the motors nothing more, and says why. */
test("nothing is told after a refusal", async () => {
  await begun();
  refused = { key: "why", values: { why: "Wren drives" } };
  walk.press();
  await clock.move(2000);
  assert.deepEqual([told, walk.held, walk.note], [[[300, 0, 0, 0], "rest"], false, refused]);
});

/** Goal: without the seat nothing begins, and the person learns who has it. */
test("a taken seat is told", async () => {
  begin("differential", [PLAIN, PLAIN]);
  await walk.look();
  seat = { key: "why", values: { why: "Wren drives" } };
  await walk.answer("begin");
  assert.deepEqual([walk.step, walk.note, open()], ["box", seat, ["begin"]]);
});

/** Goal: a wheel that does not turn, or another one that does, are not the end of what was found. */
test("not at all is tried again, another wheel is plugged in anew", async () => {
  await begun();
  await hold(600);
  await walk.answer("none");
  assert.deepEqual([walk.step, walk.note, open()], ["direction", { key: "none.motor" }, []]);
  await hold(600);
  await walk.answer("other");
  assert.deepEqual([walk.step, open()], ["wrong", ["again", "close"]]);
  walk.press();
  assert.equal(told.at(-1), "rest", "nothing is held there");
  await walk.answer("again");
  assert.equal(walk.step, "direction");
});

/** Goal: a car has a servo, which has neither dead band nor trim. */
test("a car's servo is asked for its side, and nothing is asked for going straight", async () => {
  await begun("ackermann");
  await hold(600);
  await walk.answer("forward");
  await walk.answer("keep");
  assert.equal(walk.step, "steering");
  told = [];
  await hold(600);
  assert.deepEqual(told, [[0, 300, 0, 0], "rest"]);
  await walk.answer("none");
  assert.deepEqual(walk.note, { key: "none.servo" });
  await hold(600);
  await walk.answer("right");
  assert.equal(walk.step, "change");
  assert.deepEqual(asked.at(-1).motors, [PLAIN, { ...PLAIN, inverted: true }]);
});

/** Walks to going straight with nothing else changed. */
async function aheadOf(before) {
  await begun("skid", before);
  for (let motor = 0; motor < before.length; motor += 1) {
    await hold(600);
    await walk.answer("forward");
    await walk.answer("keep");
  }
  assert.equal(walk.step, "straight");
  told = [];
}

/** Goal: the robot goes ahead for a second at most, from equal sides; who skips it keeps what it was. */
test("the robot is sent ahead for a second, and skipping forgets what that told", async () => {
  const before = [0.9, 1, 0.9, 1].map((trim) => ({ ...PLAIN, trim }));
  await aheadOf(before);
  await hold(5000);
  assert.deepEqual(told, [[300, 300, 300, 300], "rest"]);
  assert.deepEqual(open(), ["left", "straight", "right", "again", "skip"]);
  await walk.answer("left");
  assert.deepEqual(open(), ["skip"]);
  await hold(500);
  assert.deepEqual(told.at(-2), [300, 294, 300, 294]);
  await walk.answer("skip");
  assert.deepEqual(asked.at(-1).motors, before);
});

/** Goal: what no trim mends is said after 25 runs. */
test("a robot that never goes straight is looked at by its person", async () => {
  await aheadOf([PLAIN, PLAIN]);
  for (let run = 0; run < 25; run += 1) {
    assert.equal(walk.step, "straight");
    await hold(500);
    await walk.answer(run % 2 ? "right" : "again");
  }
  assert.deepEqual([walk.step, open()], ["crooked", ["again", "skip"]]);
  await walk.answer("again");
  told = [];
  await hold(500);
  assert.deepEqual(told[0], [300, 300, 0, 0], "from equal sides");
});

/** Walks to the change of a robot whose answer is this. */
async function changed(preview) {
  await begun();
  answers.preview = preview;
  for (const answer of ["forward", "keep", "forward", "keep"]) {
    if (answer === "forward") await hold(600);
    await walk.answer(answer);
  }
  await walk.answer("skip");
  await settled();
}

/** Goal: nothing is written that was not shown; a file that changed meanwhile is shown anew. */
test("a stale mark leads back to the difference", async () => {
  await changed({ ok: true, file: FILE, lines: ["- a", "+ b"], mark: "m1" });
  answers.write = { ok: false, why: "the file changed meanwhile" };
  await walk.answer("write");
  assert.deepEqual([walk.step, walk.note, open()], ["change", { key: "why", values: { why: "the file changed meanwhile" } }, ["again", "discard"]]);
  answers.preview = { ok: true, file: FILE, lines: ["+ b"], mark: "m2" };
  await walk.answer("again");
  assert.deepEqual([walk.lines, open()], [["+ b"], ["write", "discard"]]);
  answers.write = { ok: true };
  await walk.answer("write");
  assert.deepEqual([walk.step, asked.at(-1).mark], ["written", "m2"]);
});

/** Goal: who changed nothing is told so, and is not asked to write. */
test("an empty difference is the end", async () => {
  await changed({ ok: true, motors: [PLAIN, PLAIN], file: FILE, lines: [], mark: "m1" });
  assert.deepEqual([walk.over, open()], [true, ["close"]]);
});

/** Goal: a computer that says nothing is asked again. */
test("without an answer one can look again", async () => {
  begin("differential", [PLAIN, PLAIN]);
  answers.show = null;
  await walk.look();
  assert.deepEqual([walk.note, open()], [{ key: "quiet" }, ["again"]]);
  answers.show = { ok: true, motors: [PLAIN, PLAIN], file: FILE };
  await walk.answer("again");
  assert.deepEqual([walk.note, open()], [null, ["begin"]]);
  await changed(null);
  assert.deepEqual([walk.note, walk.lines, open()], [{ key: "quiet" }, null, ["again", "discard"]]);
});

/** Goal: who comes back is asked for the box again, and goes on from where they were. */
test("coming back goes through the box, with what was found", async () => {
  await begun();
  await hold(600);
  await walk.answer("backward");
  assert.equal(walk.step, "dead_band");
  await walk.look();
  assert.deepEqual([walk.step, open()], ["box", ["begin"]]);
  walk.press();
  assert.equal(told.at(-1), "rest", "nothing turns before the robot is on its box");
  await walk.answer("begin");
  assert.deepEqual([walk.step, walk.motor], ["dead_band", 0]);
  told = [];
  walk.press();
  assert.deepEqual(told, [[-10, 0, 0, 0]]);
  walk.release();
});

/** Goal: what was found against motors that are others by now is not made a mixture with them. */
test("somebody else's findings, or another robot, begin the walk anew", async () => {
  await begun();
  await hold(600);
  await walk.answer("backward");
  answers.show = { ok: true, wheels: "ackermann", motors: [{ ...PLAIN, inverted: true }, PLAIN], file: FILE };
  await walk.look();
  await walk.answer("begin");
  assert.deepEqual([walk.step, walk.motor, walk.wheels], ["direction", 0, "ackermann"]);
  told = [];
  walk.press();
  assert.deepEqual(told, [[-300, 0, 0, 0]], "by what is in force now");
  walk.release();
});

/** Goal: what stands in the file but is not driven by can be put into force. */
test("a file that says it already is written all the same while the robot drives otherwise", async () => {
  await changed({ ok: true, motors: [{ ...PLAIN, inverted: true }, PLAIN], file: FILE, lines: [], mark: "m1" });
  assert.deepEqual([walk.unused, walk.over, open()], [true, false, ["write", "discard"]]);
  await walk.answer("write");
  assert.equal(walk.step, "written");
});

/** Goal: a write without an answer is not taken for one that failed. */
test("a slow write may have happened, and is said so", async () => {
  await changed({ ok: true, motors: [PLAIN, PLAIN], file: FILE, lines: ["+ x"], mark: "m1" });
  answers.write = null;
  await walk.answer("write");
  assert.deepEqual([walk.note, walk.lines, open()], [{ key: "quiet.write" }, null, ["again", "discard"]]);
});

/** Goal: a seat that did not come is told, too, when nobody said why. */
test("a seat that did not come is told", async () => {
  begin("differential", [PLAIN, PLAIN]);
  await walk.look();
  walk.interrupt(null);
  seat = undefined;
  await walk.answer("begin");
  assert.deepEqual([walk.step, walk.note], ["box", { key: "seat" }]);
});
