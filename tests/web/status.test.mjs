// One word for everything that goes on: the table, row by row.
import assert from "node:assert/strict";
import { test } from "node:test";
import { broken, cause, judge } from "../../web/status.js";

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
const stop = (code, hop, exceeded = null) => ({ code, text: code, hop, numbers: { exceeded } });
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

/** Goal: the chain marks the hop that the robot's reason names, but a link that is down as seen from the page comes first. */
for (const [what, change, link, place] of [
  ["samples that came late", { telemetry: { state: "stopped", reason: stop("command_stale", "network") } }, null, "network"],
  ["a program that was held up", { telemetry: { state: "stopped", reason: stop("overrun", "agent") } }, null, "agent"],
  ["a robot that stopped itself", { telemetry: { state: "stopped", reason: stop("robot_stopped", "robot") } }, null, "robot"],
  ["a robot of another version", { telemetry: { state: "no_robot", reason: stop("robot_incompatible", "robot") } }, null, "robot"],
  ["a silent robot", { telemetry: { state: "no_robot", reason: stop("robot_silent", "cable") } }, "robot", null],
  ["no robot", { telemetry: { state: "no_robot", reason: stop("robot_absent", "cable") } }, "robot", null],
  ["a program that is away", { telemetry: { state: "no_robot", reason: stop("agent_absent", "network") } }, "agent", null],
  ["STOP", { telemetry: { state: "latched", reason: stop("latched", "person") } }, null, null],
  ["a word of tomorrow", { telemetry: { state: "stopped", reason: stop("moon", "") } }, null, null],
  ["late samples before silence", { silence_ms: 1500, telemetry: { state: "stopped", reason: stop("command_stale", "network") } }, "agent", null],
  ["a silent relay", { quiet_ms: 1500, silence_ms: 1500, telemetry: { state: "no_robot", reason: stop("robot_absent", "cable") } }, "relay", null],
  ["a lost connection", { ready: false, telemetry: { state: "stopped", reason: stop("overrun", "agent") } }, "relay", null],
]) {
  test(`the chain tells of ${what}`, () => {
    const now = { ...live, ...change };
    assert.deepEqual([broken(now), cause(now)], [link, place]);
  });
}

/** Goal: a stop tells its number beside its sentence. */
test("a stop has the age that was too long", () => {
  const reason = stop("overrun", "agent", { what: "pause", ms: 900, limit_ms: 250 });
  assert.equal(judge({ ...live, telemetry: { state: "stopped", reason } }).number, "held up for 900 ms (at most 250 ms)");
  assert.equal(judge({ ...live, ...state("stopped", "of before") }).number, "");
});

/** Goal: the reason is shown in the robot's own words. */
test("the robot's sentence is passed on", () => {
  assert.equal(judge({ ...live, ...state("stopped", "battery low") }).detail, "battery low");
  assert.equal(judge({ ...live, ...state("latched", "STOP pressed") }).detail, "STOP pressed");
});
