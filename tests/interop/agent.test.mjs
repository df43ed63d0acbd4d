// Relay and agent as two programs, with the clients of the original; and our agent at a server like the original's.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { io } from "socket.io-client";
import { Original } from "./original.mjs";
import { Rig, now, until } from "./rig.mjs";

const reply = (word) => (args) => args?.[0]?.data === word;
const turnsLeft = ({ motors }) => motors[0] < 0 && motors[1] > 0;

describe("relay here, robot there", () => {
  let rig;
  before(async () => (rig = await Rig.start({ apart: true })));
  afterEach(() => rig?.leave());
  after(() => rig?.stop());

  /** Goal: nobody who came with the original's clients notices that the robot is elsewhere. */
  test("the original's clients press, chat and hear replies as ever", async () => {
    const page = await rig.client();
    const classic = await rig.classic("websocket");
    await rig.rests();
    const pressed = now();
    page.emit("direction", "left");
    await page.hears("direction", (args) => args[0] === "left");
    await until("two replies, the agent's and the Python client's", () =>
      page.heard.filter(([event, args]) => event === "reply" && reply("left")(args)).length === 2);
    await classic.says("direction", (line) => line === '["direction", ["left"]]');
    await until("the wheels", () => rig.drives(pressed).some(turnsLeft));
    page.emit("chat", "hello", 17, "x");
    await page.hears("chat", (args) => args[0] === "hello" && args[1] === 17);
    await page.hears("reply", reply("hello"));
    await rig.rests();
  });

  /** Goal: a stick drives through two programs, and a released one stops. */
  test("a driver with a stick drives and lets go", async () => {
    const driver = await rig.client();
    await driver.takeSeat();
    const began = now();
    await driver.hold(0, 0.5, 600);
    const { t } = driver.drive(0, 0);
    await until("rest", () => rig.drives(t).some((drive) => drive.still));
    assert.ok(rig.drives(began).some(({ motors }) => motors[0] > 0 && motors[1] > 0));
    await rig.rests();
  });
});

/** Goal: a press that was stuck on its way to the robot does not move it when it comes at last. */
test("a press that comes late is refused, and one that stops is not", async () => {
  const rig = await Rig.start({ apart: true });
  try {
    const page = await rig.client();
    await rig.rests();
    rig.agent.child.kill("SIGSTOP");
    page.emit("direction", "up");
    page.emit("direction", "stop");
    await pause(900);
    const thawed = now();
    rig.agent.child.kill("SIGCONT");
    await page.hears("refused", (refused) => refused.event === "direction");
    await page.hears("reply", reply("stop"));
    await pause(300);
    assert.deepEqual(rig.drives(thawed).filter((drive) => !drive.still), []);
    await page.robotIs("ready");
    const pressed = now();
    page.emit("direction", "up");
    await until("the wheels", () => rig.drives(pressed).some((drive) => !drive.still));
  } finally {
    await rig.stop();
  }
});

describe("our agent at a server like the original's", () => {
  let original;
  let rig;
  before(async () => {
    original = await Original.start();
    rig = await Rig.start({ classic: original.url });
    await until("the agent at the server", () => original.heard.some(([name]) => name === "notices"));
  });
  after(async () => {
    await rig?.stop();
    await original?.stop();
  });

  async function visitor() {
    const socket = io(original.url, { rejectUnauthorized: false, forceNew: true });
    const heard = [];
    socket.onAny((...event) => heard.push(event));
    await until("the server", () => socket.connected);
    return { socket, heard };
  }

  /** Goal: the agent takes the place of the original's Python client. */
  test("a press drives for its time and is replied to as the Python client did", async () => {
    const { socket, heard } = await visitor();
    await until("the robot", () => rig.statuses().length > 40);
    await rig.rests();
    const pressed = now();
    socket.emit("direction", "left");
    await until("the reply", () => heard.some(([name, args]) => name === "reply" && reply("left")(args)));
    await until("the wheels", () => rig.drives(pressed).some(turnsLeft));
    await rig.rests();
    const last = rig.drives(pressed).filter((drive) => !drive.still).at(-1).t;
    assert.ok(last - pressed < 700, `a press drove for ${last - pressed} ms`);
    socket.emit("chat", "good morning", 7);
    await until("the reply", () => heard.some(([name, args]) => name === "reply" && reply("good morning")(args)));
    socket.disconnect();
  });

  /** Goal: `stop` stops, and a server that dies leaves no robot driving. */
  test("stop stops at once, and so does the end of the server, to which the agent comes back", async () => {
    const { socket } = await visitor();
    await rig.rests();
    const pressed = now();
    socket.emit("direction", "up");
    await until("the wheels", () => rig.drives(pressed).some((drive) => !drive.still));
    const stopped = now();
    socket.emit("direction", "stop");
    await until("rest", () => rig.drives(stopped).some((drive) => drive.still));
    const moving = rig.drives(stopped).filter((drive) => !drive.still).map((drive) => drive.t - stopped);
    assert.ok(moving.every((ms) => ms < 120), `it drove on for ${moving} ms`);
    await rig.rests();
    const again = now();
    socket.emit("direction", "up");
    await until("the wheels", () => rig.drives(again).some((drive) => !drive.still));
    const died = now();
    const port = Number(new URL(original.url).port);
    await original.stop();
    await pause(500);
    const after = rig.drives(died).filter((drive) => !drive.still).map((drive) => drive.t - died);
    assert.ok(after.every((ms) => ms < 250), `it drove on for ${after} ms without its server`);
    original = await Original.start({ port });
    await until("the agent is back", () => original.heard.some(([name]) => name === "notices"), 15_000);
    socket.disconnect();
  });
});
