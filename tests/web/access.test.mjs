// The operator's list and invitations in virtual time, the drawing of a code, and the words about a queue.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { AccessList } from "../../web/access.js";
import { path } from "../../web/qr.js";
import { told } from "../../web/seat.js";
import { FakeClock, FakeLine, settled } from "./clock.mjs";

const phone = { id: 3, name: "Pixel 7", role: "driver", number: "0417" };
const tablet = { id: 1, name: "iPad", role: "viewer", paired: 1, seen: 2, here: true };
const EMPTY = { waiting: [], devices: [] };

let clock;
let line;
let list;
let waits;
let troubles;
let invitations;

beforeEach(() => {
  clock = new FakeClock();
  line = new FakeLine(clock);
  invitations = 0;
  line.answer = (name, request) => {
    if (request.do !== "invite") return { ok: true, why: null, access: EMPTY, invite: null };
    invitations += 1;
    const invite = { url: `https://h/p#${invitations}`, role: request.role, seconds: 120, qr: ["#"] };
    return { ok: true, why: null, access: EMPTY, invite };
  };
  list = new AccessList(line, clock);
  waits = [];
  troubles = [];
  list.onwaiting = (name) => waits.push(name);
  list.ontrouble = (why) => troubles.push(why);
});

const asked = () => line.asked.map(({ value }) => value);

/** Goal: a question that was answered elsewhere is not asked any longer. */
test("a device that waits no longer is told of once", async () => {
  const answered = [];
  list.onanswered = (name) => answered.push(name);
  list.welcomed("operator");
  await settled();
  list.heard({ waiting: [phone], devices: [] });
  list.heard({ waiting: [phone], devices: [] });
  assert.deepEqual(answered, []);
  list.heard(EMPTY);
  list.heard(EMPTY);
  assert.deepEqual(answered, [phone.name]);
});

/** Goal: only operators ask, and only operators are told. */
test("a page that may not decide asks nothing and hears nothing", async () => {
  list.welcomed("driver");
  list.heard({ waiting: [phone], devices: [] });
  await settled();
  assert.deepEqual([line.asked, list.view, waits], [[], EMPTY, []]);
});

/** Goal: a device that begins to wait is told once, however often the list comes. */
test("a new device that waits is told once", async () => {
  list.welcomed("operator");
  await settled();
  assert.deepEqual(asked(), [{ do: "list" }]);
  list.heard({ waiting: [phone], devices: [tablet] });
  list.heard({ waiting: [phone], devices: [tablet] });
  list.heard({ do: "list" });
  list.heard(null);
  assert.deepEqual([waits, list.view.devices], [["Pixel 7"], [tablet]]);
});

/** Goal: the three decisions reach the relay as they were tapped. */
test("decisions name the device", async () => {
  list.welcomed("operator");
  for (const what of ["approve", "deny", "revoke"]) await list.decide(what, 3);
  assert.deepEqual(asked().slice(1), ["approve", "deny", "revoke"].map((what) => ({ do: what, id: 3 })));
});

/** Goal: with several robots a device has its own. */
test("devices and invitations are for a robot, or for any", async () => {
  list.welcomed("operator");
  await list.assign(3, "Rover");
  await list.assign(3, null);
  await list.show("driver", "Dino");
  await list.show("driver");
  assert.deepEqual(asked().slice(1), [
    { do: "assign", id: 3, robot: "Rover" },
    { do: "assign", id: 3, robot: null },
    { do: "invite", role: "driver", robot: "Dino" },
    { do: "invite", role: "driver" },
  ]);
  await list.show("viewer", "Dino");
  await clock.move(121_000);
  assert.deepEqual(asked().at(-1), { do: "invite", role: "viewer", robot: "Dino" }, "the next code is for another robot");
});

/** Goal: a relay that refuses or is silent leaves a sentence, never a page that waits for ever. */
test("trouble is told", async () => {
  list.welcomed("operator");
  line.answer = () => ({ ok: false, why: "no such device", access: EMPTY, invite: null });
  await list.decide("revoke", 9);
  line.answer = () => {
    throw new Error("no answer");
  };
  await list.show("driver");
  assert.deepEqual([troubles, list.invite], [["no such device", ""], null]);
});

/** Goal: a shown code always works: it counts down, and a new one comes when it has run out. */
test("an invitation counts down and renews itself while it is shown", async () => {
  list.welcomed("operator");
  await list.show("viewer");
  assert.deepEqual([list.invite.role, list.seconds], ["viewer", 120]);
  await clock.move(50_000);
  assert.deepEqual([list.seconds, invitations], [70, 1]);
  await clock.move(71_000);
  assert.equal(invitations, 2);
  assert.ok(list.seconds > 115);
  list.putAway();
  await clock.move(400_000);
  assert.deepEqual([invitations, list.invite], [2, null]);
});

/** Goal: of two choices in a hurry the last one is shown. */
test("an answer to an invitation that was put away is not shown", async () => {
  list.welcomed("operator");
  const first = list.show("viewer");
  const second = list.show("operator");
  await Promise.all([first, second]);
  assert.equal(list.invite.role, "operator");
  const third = list.show("viewer");
  list.putAway();
  await third;
  assert.equal(list.invite, null);
  await clock.move(200_000);
  assert.equal(invitations, 3);
});

/** Goal: cameras find the code: dark is where the rows say, with four light squares around. */
test("a code is drawn with its margin", () => {
  const { side, d } = path(["##", " #"]);
  assert.equal(side, 10);
  assert.equal(d, "M4 4h2v1h-2zM5 5h1v1h-1z");
});

/** Goal: everybody knows who drives, who is next, and their own place. */
test("the queue is told with places", () => {
  const people = ["Wren", "Robin", "Finch", "Tern"].map((name, id) => ({ id, name }));
  const holder = { id: 9, name: "Heron" };
  const say = (queue, me) => told({ holder, epoch: 1, queue }, me);
  assert.equal(say([], 0), "Heron drives");
  assert.equal(say(people, 0), "You are next. Heron drives");
  assert.equal(say(people.slice(0, 3), 1), "2nd in the queue. Heron drives: 1 Wren, 2 you, 3 Finch");
  assert.equal(say(people, 9), "Heron drives. Queue: 1 Wren, 2 Robin, 3 Finch +1");
});
