// When a stick sample is sent: the page's half of the driving rules in virtual time.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Drive } from "../../web/drive.js";
import { FakeClock, FakeLine, settled } from "./clock.mjs";

const ME = { id: 7, name: "Jade Tern" };
const OTHER = { id: 8, name: "Coral Wren" };
const FREE = { holder: null, epoch: 3, queue: [] };
const MINE = { holder: ME, epoch: 4, queue: [] };
const TAKEN = { holder: OTHER, epoch: 4, queue: [] };
const LEFT = { holder: null, epoch: 5, queue: [] };

let clock;
let line;
let drive;
let refusals;

const telemetry = (more = {}) => ({
  tick: 5000 + clock.now(),
  session: 11,
  state: "ready",
  wheels: [0, 0],
  ...more,
});
const welcome = (seat = FREE, role = "driver") => ({
  version: 1,
  you: ME,
  role,
  limits: { sample_hz: 30, seat_ms: 1000 },
  seat,
  telemetry: telemetry(),
});
const moving = (samples) => samples.filter(({ x, y }) => x !== 0 || y !== 0);

/** Virtual time with telemetry arriving as from a live robot. */
async function run(ms) {
  for (let passed = 0; passed < ms; passed += 25) {
    drive.heard(telemetry());
    await clock.move(Math.min(25, ms - passed));
  }
}

/** A page that holds the seat and has said its neutral sample. */
async function seated() {
  drive.welcomed(welcome(MINE));
  await run(100);
  line.sent = [];
}

beforeEach(() => {
  clock = new FakeClock();
  line = new FakeLine(clock);
  line.answer = (name, { want }) => ({ ok: true, seat: want === "take" ? MINE : LEFT });
  drive = new Drive(line, clock);
  refusals = [];
  drive.onrefused = (why, code) => refusals.push(code);
});

/** Goal: one touch is enough to drive, but the first thing said under a new seat is neutral. */
test("a touch takes the free seat and motion follows a neutral sample", async () => {
  drive.welcomed(welcome());
  drive.hold("stick", 0, 1);
  await run(100);
  assert.deepEqual(line.asked.map(({ value }) => value), [{ want: "take" }]);
  const [first, second] = line.sent;
  assert.deepEqual([first.x, first.y, first.epoch], [0, 0, 4]);
  assert.equal(second.y, 0.65);
  assert.equal(second.epoch, 4);
  assert.equal(second.session, 11);
  assert.ok(second.tick > 5000);
});

/** Goal: the seat event may overtake its acknowledgement without spoiling the touch. */
test("a seat event before the acknowledgement does not end the touch", async () => {
  line.answer = () => {
    drive.seated(MINE);
    return { ok: true, seat: MINE };
  };
  drive.welcomed(welcome());
  drive.hold("stick", 0, 1);
  await run(100);
  assert.equal(line.sent[0].y, 0);
  assert.ok(moving(line.sent).length > 0);
});

/** Goal: whoever presses again before the relay has answered the first press drives by the second. */
test("a press while an older wish is not answered gets the seat once that is", async () => {
  const answers = [];
  line.answer = () => new Promise((resolve) => answers.push(resolve));
  drive.welcomed(welcome());
  drive.hold("keys", 0, 1);
  drive.seated(TAKEN);
  drive.release("keys");
  drive.seated(LEFT);
  drive.hold("keys", 0, 1);
  assert.equal(answers.length, 1);
  answers.shift()({ ok: false, why: "somebody drives", seat: TAKEN });
  await settled();
  assert.deepEqual([refusals, drive.active, answers.length], [[], "keys", 1]);
  answers.shift()({ ok: true, seat: { ...MINE, epoch: 6 } });
  await run(100);
  assert.equal(moving(line.sent)[0].epoch, 6);
});

/** Goal: an answer that was written before the newest news does not seat anybody again. */
test("an old answer is no news of the seat", async () => {
  const answers = [];
  line.answer = () => new Promise((resolve) => answers.push(resolve));
  drive.welcomed(welcome());
  drive.hold("keys", 0, 1);
  drive.seated(MINE);
  drive.release("keys");
  void drive.leave();
  drive.seated(LEFT);
  answers.shift()({ ok: true, seat: MINE });
  await settled();
  assert.equal(drive.mine, false);
});

/** Goal: a robot whose program was started again counts seats from the beginning, and can be driven. */
test("news of a seat count, whatever was known before", async () => {
  drive.welcomed(welcome({ ...FREE, epoch: 40 }));
  drive.seated({ ...FREE, epoch: 0 });
  line.answer = () => ({ ok: true, seat: { ...MINE, epoch: 1 } });
  drive.hold("stick", 0, 1);
  await run(100);
  assert.equal(moving(line.sent)[0].epoch, 1);
});

/** Goal: while the neutral sample cannot reach the wire, no motion may overtake it. */
test("motion waits until neutral reached the wire", async () => {
  line.busy = true;
  drive.welcomed(welcome());
  drive.hold("stick", 0, 1);
  await run(200);
  line.busy = false;
  await run(100);
  assert.equal(line.sent[0].y, 0);
  assert.ok(line.sent[1].y > 0);
});

/** Goal: the rate is what the relay asked for, and never near what it punishes. */
test("a resting thumb is sampled 30 times a second, a moving one at most 40", async () => {
  await seated();
  drive.hold("stick", 0, 0.5);
  await run(1000);
  assert.ok(line.sent.length >= 29 && line.sent.length <= 32, `${line.sent.length} samples`);
  line.sent = [];
  for (let step = 0; step < 500; step += 1) {
    drive.heard(telemetry());
    drive.hold("stick", 0, step / 500);
    await clock.move(2);
  }
  assert.ok(line.sent.length >= 36 && line.sent.length <= 41, `${line.sent.length} samples`);
});

/** Goal: letting go is said at once, and once more. */
test("release says neutral in the same moment and again 15 ms later", async () => {
  await seated();
  drive.hold("stick", 0.4, 0.5);
  await run(200);
  line.sent = [];
  const at = clock.now();
  drive.release("stick");
  assert.deepEqual(line.sent.map(({ at, x, y }) => [at, x, y]), [[at, 0, 0]]);
  await run(20);
  assert.deepEqual(line.sent.map(({ at: when, x, y }) => [when - at, x, y]), [[0, 0, 0], [15, 0, 0]]);
});

/** Goal: letting go while the wire is busy still ends in neutral. */
test("neutral is owed until it reached the wire twice", async () => {
  await seated();
  drive.hold("stick", 0.4, 0.5);
  await run(100);
  line.sent = [];
  line.busy = true;
  drive.release("stick");
  await run(100);
  line.busy = false;
  await run(40);
  assert.deepEqual(line.sent.map(({ x, y }) => [x, y]), [[0, 0], [0, 0]]);
});

/** Goal: sequence numbers count up by one and start anew with a connection. */
test("seq counts every sample of a connection", async () => {
  await seated();
  drive.hold("stick", 0, 1);
  await run(300);
  const numbers = line.sent.map(({ seq }) => seq);
  assert.deepEqual(numbers, numbers.map((_, index) => numbers[0] + index));
  drive.lost();
  line.sent = [];
  drive.welcomed(welcome(MINE));
  await run(50);
  assert.equal(line.sent[0].seq, 0);
});

/** Goal: a stick that was held while the link was away drives nothing until it was let go. */
test("a stick held across a reconnect sends only neutral", async () => {
  await seated();
  drive.hold("stick", 0, 1);
  await run(100);
  line.ready = false;
  drive.lost();
  await run(500);
  line.ready = true;
  line.sent = [];
  drive.welcomed(welcome(MINE));
  for (let step = 0; step < 20; step += 1) {
    drive.hold("stick", 0, 0.9 + step / 1000);
    await run(25);
  }
  assert.ok(line.sent.length > 0);
  assert.deepEqual(moving(line.sent), []);
  drive.release("stick");
  drive.hold("stick", 0, 1);
  await run(100);
  assert.ok(moving(line.sent).length > 0);
});

/** Goal: silence of the robot ends the press, although the connection claims to live. */
test("after a second without telemetry a held stick goes neutral and stays so", async () => {
  await seated();
  drive.hold("stick", 0, 1);
  await run(100);
  await clock.move(1100);
  const quietAt = clock.now();
  assert.equal(line.sent.at(-1).y, 0);
  line.sent = [];
  drive.hold("stick", 0, 0.8);
  await run(300);
  assert.ok(clock.now() > quietAt);
  assert.deepEqual(moving(line.sent), []);
});

/** Goal: what was pressed before STOP, a robot's reset or a lost seat does not drive after it. */
for (const [what, happen] of [
  ["STOP latched", () => drive.heard(telemetry({ state: "latched" }))],
  ["the robot gone", () => drive.heard(telemetry({ state: "no_robot" }))],
  ["a new session of the robot", () => drive.heard(telemetry({ session: 12 }))],
  ["the seat lost and taken again by its button", async () => {
    drive.seated({ ...TAKEN, epoch: 5 });
    drive.seated({ ...FREE, epoch: 6 });
    line.answer = () => ({ ok: true, seat: { ...MINE, epoch: 7 } });
    await drive.take();
  }],
  ["the seat given anew", () => drive.seated({ ...MINE, epoch: 6 })],
  ["a hand that left the page", () => drive.letGo()],
]) {
  test(`${what} ends the press for good`, async () => {
    await seated();
    drive.hold("stick", 0, 1);
    await run(100);
    await happen();
    line.sent = [];
    for (let step = 0; step < 10; step += 1) {
      drive.hold("stick", 0, 0.9 + step / 1000);
      await run(25);
    }
    assert.ok(line.sent.length > 0);
    assert.deepEqual(moving(line.sent), []);
  });
}

/** Goal: the seat stays ours while the thumb rests, and is given back when nobody touches anything. */
test("a resting page keeps the seat with four neutral samples a second, for ten seconds", async () => {
  await seated();
  drive.hold("stick", 0, 1);
  await run(50);
  drive.release("stick");
  await run(100);
  line.sent = [];
  await run(4000);
  assert.ok(line.sent.length >= 15 && line.sent.length <= 17, `${line.sent.length} heartbeats`);
  assert.deepEqual(moving(line.sent), []);
  assert.ok(!line.asked.some(({ value }) => value.want === "release"));
  await run(6000);
  assert.deepEqual(line.asked.at(-1).value, { want: "release" });
  line.sent = [];
  await run(2000);
  assert.deepEqual(line.sent, []);
});

/** Goal: nobody is driven over: a taken seat is told, not fought for. */
test("a touch while somebody else drives sends nothing and says who drives", async () => {
  drive.welcomed(welcome(TAKEN));
  drive.hold("stick", 0, 1);
  await run(200);
  assert.deepEqual(refusals, ["taken"]);
  assert.deepEqual([line.asked, line.sent], [[], []]);
});

/** Goal: a refused take leaves the stick dead and says why. */
test("a seat that is refused moves nothing", async () => {
  line.answer = () => ({ ok: false, why: "Coral Wren drives", seat: TAKEN });
  drive.welcomed(welcome());
  drive.hold("stick", 0, 1);
  await run(200);
  assert.deepEqual(refusals, ["seat_take"]);
  assert.deepEqual(line.sent, []);
});

/** Goal: a seat that is handed to us while the thumb is down does not start to drive. */
test("a seat handed over begins with the thumb off", async () => {
  drive.welcomed(welcome(TAKEN));
  drive.hold("stick", 0, 1);
  drive.seated({ ...MINE, epoch: 5 });
  await run(200);
  assert.ok(line.sent.length > 0);
  assert.deepEqual(moving(line.sent), []);
});

/** Goal: a viewer's touch is told, not sent. */
test("a viewer drives nothing", async () => {
  drive.welcomed(welcome(FREE, "viewer"));
  drive.hold("stick", 0, 1);
  await settled();
  assert.deepEqual([refusals, line.asked], [["viewer"], []]);
});

/** Goal: two hands never add up to more than one of them. */
test("the newest press drives alone, and the other must be let go first", async () => {
  await seated();
  drive.hold("stick", 0, 1);
  await run(100);
  drive.hold("keys", -1, 0);
  await run(100);
  assert.deepEqual([line.sent.at(-1).x, line.sent.at(-1).y], [-0.65, 0]);
  drive.release("keys");
  line.sent = [];
  drive.hold("stick", 0, 0.9);
  await run(100);
  assert.deepEqual(moving(line.sent), []);
});

/** Goal: the slider scales what is sent, and nothing it can be set to exceeds full speed. */
test("the speed slider scales both axes", async () => {
  await seated();
  drive.speed = 0.35;
  drive.hold("stick", 0.6, 0.8);
  await run(50);
  assert.deepEqual([line.sent.at(-1).x, line.sent.at(-1).y], [0.21, 0.28]);
});

/** Goal: a shoulder button or Shift is another speed for as long as it is held, and slow is never faster. */
for (const [pace, slider, sent] of [["full", 0.35, 1], ["slow", 0.65, 0.35], ["slow", 0.2, 0.2], [null, 0.65, 0.65]]) {
  test(`${pace ?? "no"} pace at a slider of ${slider} sends ${sent}`, async () => {
    await seated();
    drive.speed = slider;
    drive.hold("gamepad", 0, 1, 0, pace);
    await run(50);
    assert.equal(line.sent.at(-1).y, sent);
    drive.hold("gamepad", 0, 1, 0, pace === "full" ? null : "full");
    await run(50);
    assert.equal(line.sent.at(-1).y, pace === "full" ? slider : 1);
  });
}

/** Goal: a robot that goes sideways is told how far, scaled as the rest; another never hears the word. */
for (const strafe of [true, false, undefined]) {
  test(`a push aside reaches a robot whose strafe is ${strafe} ${strafe ? "" : "not "}at all`, async () => {
    drive.welcomed({ ...welcome(MINE), robot: { strafe } });
    await run(100);
    drive.hold("stick", 0, 0, -1);
    await run(50);
    assert.equal(line.sent.at(-1).strafe, strafe ? -0.65 : undefined);
    drive.hold("stick", 0, 0, 1);
    await run(50);
    assert.equal(line.sent.at(-1).strafe, strafe ? 0.65 : undefined);
    if (strafe) {
      // A push aside that changes is a change like any other: said sooner than a thumb that rests.
      const { at } = line.sent.at(-1);
      await clock.move(at + 10 - clock.now() > 0 ? at + 10 - clock.now() : 0);
      drive.hold("stick", 0, 0, 0.5);
      await clock.move(26);
      assert.ok(line.sent.at(-1).at - at <= 30 && line.sent.at(-1).strafe < 0.4, JSON.stringify(line.sent.at(-1)));
    }
    drive.release("stick");
    assert.equal(line.sent.at(-1).strafe, strafe ? 0 : undefined);
  });
}

/** Goal: a hand that loses the wheel is told by the phone's motor, and a hand that lets go of it is not. */
for (const [what, lose, told] of [
  ["a seat that went to another", () => drive.seated(TAKEN), 1],
  ["a seat that fell free for want of samples", () => drive.seated({ holder: null, epoch: 5, queue: [] }), 1],
  ["a lost connection", () => drive.lost(), 1],
  ["leaving the seat", () => drive.leave(), 0],
  ["handing it over", () => drive.give(OTHER.id), 0],
]) {
  test(`${what} is ${told ? "" : "not "}a loss`, async () => {
    await seated();
    let losses = 0;
    drive.onunseated = () => (losses += 1);
    line.answer = (name, { want }) => ({ ok: true, seat: want === "give" ? TAKEN : FREE });
    await lose();
    await run(500);
    assert.equal(losses, told);
  });
}

/** Goal: a handover that the other side refused leaves a driver who is still heard. */
test("a refused handover keeps the seat alive", async () => {
  await seated();
  line.answer = () => ({ ok: false, why: "nobody there", seat: MINE });
  await drive.give(99);
  line.sent = [];
  await run(1000);
  assert.ok(line.sent.length >= 3, `${line.sent.length} samples`);
});

/** Goal: a motor that is looked at gets what it is told, whatever the slider says, and rests as any stick does. */
test("a hand that tells single motors obeys the rules of a stick", async () => {
  drive.welcomed(welcome(FREE, "operator"));
  drive.speed = 0.35;
  drive.turn("calibrate", [0, -300, 0, 0]);
  assert.equal(drive.active, "calibrate");
  await run(100);
  const [first, second] = line.sent;
  assert.deepEqual([first.x, first.y, first.motors], [0, 0, undefined], "neutral first");
  assert.deepEqual([second.x, second.y, second.motors, second.epoch], [0, 0, [0, -300, 0, 0], 4]);
  // An output that changes is a change like any other.
  drive.turn("calibrate", [0, -310, 0, 0]);
  await clock.move(26);
  assert.deepEqual(line.sent.at(-1).motors, [0, -310, 0, 0]);
  line.sent = [];
  drive.release("calibrate");
  await run(20);
  assert.deepEqual(line.sent.map(({ x, y, motors }) => [x, y, motors]), [[0, 0, undefined], [0, 0, undefined]]);
});

/** Goal: nobody's sleeve on a stick turns a wheel between the fingers of whoever calibrates, or right after. */
test("while one source has the robot for itself no other drives, and those must be let go first", async () => {
  await seated();
  drive.only = "calibrate";
  drive.hold("stick", 0, 1);
  await run(50);
  assert.equal(drive.active, null);
  drive.turn("calibrate", [300, 0, 0, 0]);
  drive.hold("gamepad", 1, 0);
  await run(50);
  assert.deepEqual(line.sent.at(-1).motors, [300, 0, 0, 0]);
  drive.release("calibrate");
  drive.only = null;
  line.sent = [];
  drive.hold("stick", 0, 0.9);
  await run(100);
  assert.deepEqual([moving(line.sent), refusals], [[], []]);
  drive.release("stick");
  drive.hold("stick", 0, 1);
  await run(50);
  assert.equal(line.sent.at(-1).y, 0.65);
});

/** Goal: a greeting in the middle of a connection is another robot: nothing of the last one's hands, seat or clock reaches it. */
test("a second greeting begins from neutral, with a seat of its own", async () => {
  await seated();
  drive.hold("stick", 0, 1);
  await run(200);
  const seq = line.sent.at(-1).seq;
  line.sent = [];
  let unseated = 0;
  drive.onunseated = () => (unseated += 1);
  drive.welcomed({ ...welcome({ holder: null, epoch: 2, queue: [] }), telemetry: telemetry({ session: 99 }) });
  assert.deepEqual([drive.mine, drive.active, unseated, line.sent], [false, null, 1, []]);
  drive.hold("stick", 0, 0.9);
  await run(200);
  assert.deepEqual([line.sent, drive.active], [[], null], "a stick that was held before drives the next robot");
  drive.release("stick");
  line.asked = [];
  drive.hold("stick", 0, 1);
  await run(100);
  assert.deepEqual(line.asked.map(({ value }) => value), [{ want: "take" }]);
  assert.deepEqual([line.sent[0].y, line.sent[0].epoch], [0, 4]);
  assert.ok(line.sent[0].seq > seq, "samples of one connection are counted up");
});

/** Goal: an answer of the robot that was left says nothing of the next one's seat. */
test("an answer from before a greeting is passed over", async () => {
  let answer;
  line.answer = () => new Promise((resolve) => (answer = resolve));
  drive.welcomed(welcome());
  void drive.take();
  await settled();
  drive.welcomed(welcome(TAKEN));
  answer({ ok: true, seat: MINE });
  await settled();
  assert.equal(drive.seat.holder.id, OTHER.id);
  assert.deepEqual(refusals, []);
});

/** Goal: whoever cannot drive is told which link is down. */
test("a robot whose program is away is told apart from one that is unplugged", async () => {
  const told = [];
  drive.onrefused = (why) => told.push(why);
  for (const code of ["agent_absent", "robot_absent"]) {
    drive.welcomed({ ...welcome(), telemetry: telemetry({ state: "no_robot", reason: { code, text: "" } }) });
    drive.hold("stick", 0, 1);
    drive.release("stick");
  }
  assert.match(told[0], /program is not connected/);
  assert.match(told[1], /end of the cable/);
});
