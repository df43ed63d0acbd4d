// One word for everything that goes on: the table, row by row.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, judge } from "../../web/status.js";

const SOMEBODY = { id: 2, name: "Coral Wren" };
const live = {
  ready: true,
  met: true,
  trouble: "",
  silence_ms: 20,
  quiet_ms: 20,
  telemetry: { state: "ready", reason: null },
  seat: { holder: null, epoch: 1, queue: [] },
  mine: false,
  role: "driver",
  missing: null,
};
const state = (state, text = null, code = "x") => ({ telemetry: { state, reason: text && { code, text } } });
const held = { seat: { holder: SOMEBODY, epoch: 2, queue: [] } };

/** Goal: the strongest fact wins, so that nobody reads "driving" off a robot that is gone. */
for (const [what, change, view] of [
  ["before the first greeting", { ready: false, met: false, telemetry: null }, "connecting"],
  ["after a lost connection", { ready: false, mine: true, ...state("driving") }, "lost"],
  ["with a silent robot", { silence_ms: 1001, mine: true, ...held, ...state("driving") }, "lost"],
  ["with a silent latched robot", { silence_ms: 5000, ...state("latched") }, "lost"],
  ["latched, whoever drives", { ...held, ...state("latched") }, "latched"],
  ["without a robot", state("no_robot"), "no_robot"],
  ["while it is armed", state("starting"), "starting"],
  ["stopped under another driver", { ...held, ...state("stopped") }, "stopped"],
  ["another one driving", { ...held, ...state("driving") }, "watching"],
  ["another one resting", held, "watching"],
  ["driving ourselves", { mine: true, ...held, ...state("driving") }, "driving"],
  ["resting ourselves", { mine: true, ...held }, "ready"],
  ["a free seat", {}, "ready"],
  ["before a robot is chosen", { missing: "", telemetry: null }, "choosing"],
  ["waiting for a robot that is away", { missing: "Rover", telemetry: null }, "choosing"],
  ["without the robot's program", state("no_robot", "absent", "agent_absent"), "no_robot"],
  ["without the robot's program, and no more news of it", { silence_ms: 9000, ...state("no_robot", "absent", "agent_absent") }, "no_robot"],
  ["with a silent relay after such news", { silence_ms: 9000, quiet_ms: 9000, ...state("no_robot", "absent", "agent_absent") }, "lost"],
  ["a free seat, for a viewer", { role: "viewer" }, "watching"],
]) {
  test(`${what} the page says ${view}`, () => {
    assert.equal(judge({ ...live, ...change }).view, view);
  });
}

/** Goal: whoever looks for a fault looks at the right link: the first one that is down, as seen from the page. */
for (const [what, change, link] of [
  ["all is well", {}, null],
  ["the first connection is being made", { ready: false, met: false, telemetry: null }, null],
  ["the first connection does not come", { ready: false, met: false, telemetry: null, trouble: "refused" }, "relay"],
  ["the connection is lost", { ready: false, ...state("driving") }, "relay"],
  ["nothing at all is heard any more", { silence_ms: 1001, quiet_ms: 1001 }, "relay"],
  ["only the relay itself is heard", { silence_ms: 1001, quiet_ms: 200 }, "agent"],
  ["the relay says that the program is away", state("no_robot", "absent", "agent_absent"), "agent"],
  ["the relay says that the program is silent", { silence_ms: 5000, ...state("no_robot", "silent", "agent_silent") }, "agent"],
  ["the program says that the robot is away", state("no_robot", "absent", "robot_absent"), "robot"],
  ["the program says nothing of why", state("no_robot"), "robot"],
  ["the robot is latched", state("latched", "STOP"), null],
  ["one is being chosen", { missing: "", telemetry: null }, null],
  ["one is waited for", { missing: "Rover", telemetry: null }, "agent"],
]) {
  test(`when ${what}, the chain is ${link ? `broken before the ${link}` : "whole"}`, () => {
    assert.equal(broken({ ...live, ...change }), link);
  });
}

/** Goal: the reason is shown in the robot's own words. */
test("the robot's sentence is passed on", () => {
  assert.equal(judge({ ...live, ...state("stopped", "battery low") }).detail, "battery low");
  assert.equal(judge({ ...live, ...state("latched", "STOP pressed") }).detail, "STOP pressed");
});
