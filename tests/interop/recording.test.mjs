// A recording as the official Python package reads it: every message fits its schema, also after the program was killed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Program, here, program, python } from "./rig.mjs";

const home = mkdtempSync(join(tmpdir(), "joywire-recording-"));
after(() => rmSync(home, { recursive: true, force: true }));
const config = join(home, "joywire.toml");
writeFileSync(config, `[server]\nmdns = false\nport = 0\n[robot]\nname = "Rover"\n[data]\ndir = "${home}"\n`);

/** Channels of every drive in which somebody drove. */
const TOPICS = [
  ...["state", "command", "frames", "cable", "people", "twist", "wheels", "telemetry", "seat"].map((n) => `/joywire/${n}`),
  ...["/pose", "/tf", "/log"],
];

/** Starts it, drives for a moment by a script, and waits until what was recorded is written. */
async function drive() {
  const running = new Program(program, ["run", "--record", "--config", config]);
  const url = await running.says("its address", (line) => line.match(/https:\/\/localhost:\d+/)?.[0]);
  await pause(1200);
  execFileSync(program, ["drive", "--relay", url, "--config", config, "up", "0.8s", "left", "0.4s"]);
  await pause(700);
  return running;
}

const files = () => readdirSync(join(home, "recordings")).sort();
const read = (name) => JSON.parse(execFileSync(python, [here("recording.py"), join(home, "recordings", name)], { encoding: "utf8" }));

test("after kill -9 the official reader has every message up to then, and each fits its schema", async () => {
  const running = await drive();
  await running.end("SIGKILL");
  const { stream, summary, in_order } = read(files().at(-1));
  assert.equal(stream.ends, "EndOfFile");
  assert.deepEqual(stream.bad, []);
  assert.ok(stream.rises, "times rise");
  for (const topic of TOPICS) assert.ok(stream.topics[topic] > 0, `nothing on ${topic}`);
  assert.ok(stream.topics["/joywire/command"] > 30 && stream.topics["/joywire/frames"] > 150, JSON.stringify(stream.topics));
  assert.ok(summary.error, "there is no index yet");
  assert.equal(in_order, Object.values(stream.topics).reduce((sum, count) => sum + count));
});

test("a recording that ended in order has an index, metadata, and Foxglove's own schemas where they fit", async () => {
  const [killed] = files();
  const before = read(killed);
  const running = await drive();
  assert.equal(await running.end("SIGINT"), 0);
  const { stream, summary } = read(files().at(-1));
  assert.equal(stream.ends, "whole");
  assert.deepEqual(stream.bad, []);
  assert.ok(stream.rises && stream.topics["/joywire/end"] === 1);
  assert.equal(summary.messages, Object.values(stream.topics).reduce((sum, count) => sum + count));
  assert.equal(summary.poses, stream.topics["/pose"]);
  assert.deepEqual(stream.encodings, [["json", "jsonschema"]]);
  const { "/pose": pose, "/tf": transform, "/log": log } = stream.schemas;
  assert.deepEqual([pose, transform, log], ["foxglove.PoseInFrame", "foxglove.FrameTransform", "foxglove.Log"]);
  const told = stream.metadata.joywire;
  assert.equal(told.robot, "Rover");
  assert.ok(told.version && told.started && told["config robot.name"] === '"Rover"', JSON.stringify(told));
  // The next start has completed the one that was killed.
  const after = read(killed);
  assert.equal(after.stream.ends, "whole");
  assert.deepEqual(after.stream.topics, before.stream.topics);
  assert.equal(after.summary.messages, before.in_order);
});
