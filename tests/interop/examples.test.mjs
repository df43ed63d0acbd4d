// The programs in examples/ do what they say: wheels turn, and rest.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { Program, Rig, built, now, python, root, until } from "./rig.mjs";

let rig;
let program;
before(async () => (rig = await Rig.start()));
afterEach(async () => {
  await program?.end("SIGKILL");
  await rig?.leave();
});
after(() => rig?.stop());

const example = (name) => join(root, "examples", name);
const DRIVERS = {
  "drive.py": () => [python, example("drive.py")],
  "drive.mjs": () => [process.execPath, example("drive.mjs")],
  "drive.rs": () => [built("drive")],
};

/** What the robot was, in the words of its telemetry, since a program was started beside it. */
let states;

/** Starts a program beside a robot that is ready; returns when that was. */
async function start(command, ...args) {
  const client = await rig.client();
  states = new Set();
  client.socket.on("telemetry", ({ state }) => states.add(state));
  await rig.rests();
  const begun = now();
  program = new Program(command, [...args, rig.url]);
  return begun;
}

async function ended() {
  const code = await program.ended;
  assert.equal(code, 0, `${program.name}\n${program.lines.join("\n")}\n${program.errors}`);
}

/** A machine that is too busy to keep the robot's pace rightly stops it: then the story is told again, twice at most. */
async function told(story) {
  for (let again = 2; ; again -= 1) {
    try {
      return await story();
    } catch (error) {
      const disturbed = [...states].filter((state) => !["ready", "driving"].includes(state));
      if (again === 0 || disturbed.length === 0) throw error;
      console.log(`again, as the robot was ${disturbed} meanwhile`);
      await rig.leave();
    }
  }
}

const moving = (since) => rig.drives(since).filter((drive) => !drive.still);

for (const [name, command] of Object.entries(DRIVERS)) {
  test(`${name} drives ahead, turns left, and rests`, () => told(async () => {
    const begun = await start(...command());
    await ended();
    await rig.rests();
    const motions = moving(begun);
    const ahead = motions.filter(({ motors }) => motors[0] === 400 && motors[1] === 400);
    const turning = motions.filter(({ motors }) => motors[0] < 0 && motors[1] > 0);
    assert.ok(ahead.length > 20 && turning.length > 10, `${ahead.length} ahead, ${turning.length} turning\n${program.lines.join("\n")}`);
    assert.ok(ahead[0].t < turning[0].t);
    assert.ok(motions.every(({ ttl, flags }) => ttl > 0 && ttl <= 230 && flags === 1), "a frame rests on no tick");
    const lasted = motions.at(-1).t - motions[0].t;
    assert.ok(lasted > 1400 && lasted < 2100, `it drove for ${lasted} ms`);
    assert.match(program.lines.join("\n"), /^driving Joywire robot$/, "it had nothing else to say");
  }));

  test(`${name} lets go at Ctrl-C`, async () => {
    const begun = await start(...command());
    await until("motion", () => moving(begun).length > 5);
    const pressed = now();
    program.child.kill("SIGINT");
    await ended();
    await rig.rests();
    const lasted = moving(begun).at(-1).t - pressed;
    console.log(`${name}: last moving frame ${lasted.toFixed(1)} ms after Ctrl-C`);
    assert.ok(lasted <= 250, `it drove for ${lasted} ms more`);
    assert.match(program.lines.join("\n"), /letting go/);
  });
}

test("classic.py presses five buttons and hears the robot's answers", () => told(async () => {
  const begun = await start(python, example("classic.py"));
  await ended();
  const ways = moving(begun).map(({ motors: [left, right] }) => `${Math.sign(left)}${Math.sign(right)}`);
  assert.deepEqual(
    ways.filter((way, at) => way !== ways[at - 1]),
    ["11", "-11", "1-1", "-1-1"],
  );
  const answers = ["up", "left", "right", "down", "stop", "hello robot"].map((word) => `the robot: ${word}`);
  assert.deepEqual(program.lines.filter((line) => line !== "said: hello robot"), answers);
}));

test("watch.py tells what the robot does while another program drives", async () => {
  await start(python, example("watch.py"));
  const fits = (what) => (line) => what.test(line);
  await program.says("who it is", fits(/^watching Joywire robot as guest \d+ \(operator\)$/));
  await program.says("that the robot is ready", fits(/^ready +wheels \[0, 0\]/));
  const client = await rig.client();
  client.emit("direction", "up");
  await program.says("that it drives", fits(/^driving +wheels/));
  program.child.kill("SIGINT");
  await ended();
  assert.equal(program.errors, "");
});
