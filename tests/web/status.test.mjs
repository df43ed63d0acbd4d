// One word for everything that goes on: the table, row by row.
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../web/status.js";

const SOMEBODY = { id: 2, name: "Coral Wren" };
const live = {
  ready: true,
  met: true,
  trouble: "",
  silence_ms: 20,
  telemetry: { state: "ready", reason: null },
  seat: { holder: null, epoch: 1, queue: [] },
  mine: false,
  role: "driver",
};
const state = (state, text = null) => ({ telemetry: { state, reason: text && { code: "x", text } } });
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
  ["a free seat, for a viewer", { role: "viewer" }, "watching"],
]) {
  test(`${what} the page says ${view}`, () => {
    assert.equal(judge({ ...live, ...change }).view, view);
  });
}

/** Goal: the reason is shown in the robot's own words. */
test("the robot's sentence is passed on", () => {
  assert.equal(judge({ ...live, ...state("stopped", "battery low") }).detail, "battery low");
  assert.equal(judge({ ...live, ...state("latched", "STOP pressed") }).detail, "STOP pressed");
});
