// The clients of the original, unmodified: Node.js and Python, over WebSocket and over polling.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { Rig, now, until } from "./rig.mjs";

let rig;
before(async () => (rig = await Rig.start()));
afterEach(() => rig?.leave());
after(() => rig?.stop());

const reply = (word) => (args) => args?.[0]?.data === word;

for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
  test(`welcome is first over ${transports.join(", then ")}`, async () => {
    const client = await rig.client({ transports });
    assert.equal(client.welcome.version, 1);
    assert.equal(client.welcome.you.id > 0, true);
    const wanted = transports.at(-1);
    await until(`transport ${wanted}`, () => client.socket.io.engine.transport.name === wanted);
    client.emit("chat", "over", wanted);
    await client.hears("chat", (args) => args[1] === wanted);
  });
}

for (const transport of ["websocket", "polling"]) {
  test(`everybody hears direction, chat, reply and notices as the original wrapped them; Python by ${transport}`, async () => {
    const left = await rig.client({ transports: ["websocket"] });
    const right = await rig.client({ transports: ["polling", "websocket"] });
    const classic = await rig.classic(transport);
    const notice = [{ data: "Python client is here" }];
    for (const client of [left, right]) {
      const [, ...args] = await client.hears("notices");
      assert.deepEqual(args, [notice]);
    }

    await rig.rests();
    const pressed = now();
    left.emit("direction", "left");
    for (const client of [left, right]) {
      const [, ...args] = await client.hears("direction");
      assert.deepEqual(args, [["left"]], "one argument, the list of what was sent");
      await until("two replies, the agent's and the Python client's", () => {
        const replies = client.heard.filter(([event, args]) => event === "reply" && reply("left")(args));
        return replies.length === 2 && replies.every((each) => assert.deepEqual(each, ["reply", [{ data: "left" }]]) ?? true);
      });
    }
    await classic.says("direction", (line) => line === '["direction", ["left"]]');
    await until("the wheels", () => rig.drives(pressed).some(({ motors }) => motors[0] < 0 && motors[1] > 0));

    right.emit("chat", "hello", 17, "x");
    for (const client of [left, right]) {
      const [, ...args] = await client.hears("chat");
      assert.deepEqual(args, [["hello", 17, "x"]]);
      await client.hears("reply", reply("hello"));
    }
    await classic.says("chat", (line) => line === '["chat", ["hello", 17, "x"]]');

    left.emit("lamp", { on: true }, [1, 2]);
    const [, ...args] = await right.hears("lamp");
    assert.deepEqual(args, [[{ on: true }, [1, 2]]], "an event of their own invention");

    assert.equal(await classic.end(), 0, "SIGTERM ends the Python client in order");
  });
}
