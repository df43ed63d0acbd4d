// Which robot a page is at: the one it asked for, or none.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { colour, Fleet, isRobots, RobotLine } from "../../web/fleet.js";
import { FakeClock, FakeLine } from "./clock.mjs";

const robot = (name, more = {}) => ({ name, color: "#d81b60", simulated: false, here: true, state: "ready", reason: null, holder: null, clients: 1, ...more });
const ROVER = robot("Rover");
const DINO = robot("Dino");
const welcome = (name, robots = [ROVER, DINO], role = "driver") => ({ robot: { name }, robots, role });

let fleet;
let moves;

beforeEach(() => begin(null));

function begin(asked) {
  fleet = new Fleet(asked);
  moves = 0;
  fleet.onmove = () => (moves += 1);
}

/** Goal: with one robot nobody chooses anything. */
test("a page that asks for none is where the relay puts it, if that is the only robot", () => {
  assert.equal(fleet.welcomed(welcome("Rover", [ROVER])), true);
  assert.deepEqual([fleet.here, fleet.several, fleet.missing, fleet.role], ["Rover", false, null, "driver"]);
});

/** Goal: whoever asked for nothing chooses, and is nowhere until then. */
test("without a robot the page is in the lobby", () => {
  assert.equal(fleet.welcomed(welcome("")), false);
  assert.deepEqual([fleet.here, fleet.lobby, fleet.missing, fleet.several], ["", true, "", true]);
});

/** Goal: a robot that is not here is waited for, never taken for another. */
test("a missing robot is named and waited for", () => {
  begin("Rover");
  assert.equal(fleet.welcomed(welcome("", [DINO])), false);
  assert.deepEqual([fleet.missing, fleet.here, moves], ["Rover", "", 0]);
  assert.equal(fleet.welcomed(welcome("Rover")), true);
  assert.deepEqual([fleet.missing, fleet.here, moves], [null, "Rover", 1]);
});

/** Goal: even a relay that errs puts no phone on the wrong robot. */
test("a page that is given another robot than it asked for is at none", () => {
  begin("Rover");
  assert.equal(fleet.welcomed(welcome("Dino")), false);
  assert.deepEqual([fleet.here, fleet.asked, fleet.missing], ["", "Rover", "Rover"]);
});

/** Goal: whoever may not go to a robot is not told that it is away. */
test("a robot that is there, but not for this device, is told apart from one that is away", () => {
  begin("Dino");
  fleet.welcomed(welcome(""));
  assert.deepEqual([fleet.missing, fleet.denied], ["Dino", true]);
  fleet.welcomed(welcome("", [ROVER]));
  assert.deepEqual([fleet.missing, fleet.denied], ["Dino", false]);
});

/** Goal: a name that was typed by hand finds its robot. */
test("names are the same however they are written", () => {
  begin(" rOver ");
  assert.equal(fleet.welcomed(welcome("Rover")), true);
  assert.equal(fleet.asked, "Rover");
});

/** Goal: a second robot, or a relay that comes back without ours, moves nobody who is driving. */
test("a page stays with its robot over reconnections", () => {
  fleet.welcomed(welcome("Rover", [ROVER]));
  fleet.lost();
  assert.deepEqual([fleet.here, fleet.role, fleet.asked], ["", null, "Rover"]);
  assert.equal(fleet.welcomed(welcome("Dino", [DINO])), false);
  assert.equal(fleet.welcomed(welcome("Rover")), true);
  assert.equal(moves, 1);
});

/** Goal: what was shown of one robot is not shown beside the next. */
test("going to another robot is told once", () => {
  fleet.welcomed(welcome("Rover"));
  fleet.welcomed(welcome("Rover"));
  fleet.ask("Dino");
  fleet.lost();
  fleet.welcomed(welcome("Dino"));
  assert.equal(moves, 2);
});

/** Goal: events of strangers that have the same name change nothing. */
test("only lists of robots are taken", () => {
  fleet.welcomed(welcome("Rover"));
  for (const junk of [undefined, null, "x", {}, [1], [{ name: "" }], [{}], { do: "list" }]) fleet.heard(junk);
  assert.equal(fleet.robots.length, 2);
  fleet.heard([{ ...ROVER, state: "latched" }]);
  assert.deepEqual([fleet.robots.length, fleet.robots[0].state, fleet.several], [1, "latched", false]);
  assert.equal(isRobots([]), true);
  // A relay that knows of no list has one robot.
  assert.equal(new Fleet(null).welcomed({ robot: { name: "Old" }, role: "driver" }), true);
});

/** Goal: a relay's text does not become a style. */
test("a colour is a colour", () => {
  assert.equal(colour("#d81B60"), "#d81B60");
  for (const odd of ["", undefined, "red", "#fff", "#d81b60;x", "url(#a)"]) assert.equal(colour(odd), "");
});

/** Goal: between two robots nothing is said to either. */
test("in the lobby the line to the robot is dead", async () => {
  const wire = new FakeLine(new FakeClock());
  const line = new RobotLine(wire, fleet);
  assert.equal(line.ready, false);
  fleet.welcomed(welcome(""));
  assert.equal(line.latest("drive", { seq: 1 }), false);
  await assert.rejects(line.request("stop", [{}]), /no connection/);
  assert.deepEqual([wire.sent, wire.asked], [[], []]);
  fleet.welcomed(welcome("Rover"));
  assert.equal(line.latest("drive", { seq: 1 }), true);
  await line.request("stop", [{}]);
  assert.deepEqual([wire.sent.length, wire.asked.length], [1, 1]);
  fleet.lost();
  assert.equal(line.ready, false);
});
