// Our Socket.IO client: its packets, its slot, and its reconnection against the stock server on real sockets.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { afterEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Server } from "socket.io";
import WebSocket from "ws";
import { decode, encode, Socket } from "../../web/socket.js";

const TIMES = { retry: [20, 100], watch: 10, backlog: 2 };
const ends = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Waits until something is true, or fails loudly. */
async function until(what, is, ms = 3000) {
  const end = Date.now() + ms;
  while (!is()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await pause(2);
  }
}

/** The stock server, greeting everyone; `heard` is everything it was told. */
async function serve({ port = 0, greet = true, ...options } = {}) {
  const http = createServer();
  const io = new Server(http, { transports: ["websocket"], serveClient: false, ...options });
  const heard = [];
  io.on("connection", (socket) => {
    socket.onAny((name, ...args) => {
      heard.push([name, ...args.filter((arg) => typeof arg !== "function")]);
      if (typeof args.at(-1) === "function") args.at(-1)({ ok: true, told: args[0] });
    });
    if (greet) socket.emit("welcome", { version: 1 });
  });
  await new Promise((resolve) => http.listen(port, "127.0.0.1", resolve));
  const stop = async () => {
    io.disconnectSockets(true);
    await io.close();
  };
  ends.push(stop);
  return { io, heard, stop, port: http.address().port };
}

function connect(port, options = {}) {
  const url = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`;
  const socket = new Socket(url, { WebSocket, ...options, times: { ...TIMES, ...options.times } });
  ends.push(() => socket.close());
  return socket;
}

/** Goal: what we write is what the protocol says, and what we do not speak is left alone. */
test("packets are read and written as Engine.IO 4 and Socket.IO 5", () => {
  assert.equal(encode("chat", ["hé\"", 7, null]), '42["chat","hé\\"",7,null]');
  assert.equal(encode("seat", [{ want: "take" }], 12), '4212["seat",{"want":"take"}]');
  assert.deepEqual(decode('0{"pingInterval":25000,"pingTimeout":20000}')?.data.pingInterval, 25000);
  assert.equal(decode("2").kind, "ping");
  assert.equal(decode('40{"sid":"x"}').kind, "connect");
  assert.equal(decode("41").kind, "disconnect");
  assert.deepEqual(decode('42["a",1]'), { kind: "event", args: ["a", 1] });
  assert.deepEqual(decode('4213["a",1]'), { kind: "event", args: ["a", 1] });
  assert.deepEqual(decode('437[{"ok":true}]'), { kind: "ack", id: 7, args: [{ ok: true }] });
  assert.deepEqual(decode('44{"message":"no"}'), { kind: "refused", why: "no" });
  for (const odd of ["", "42", "42{}", "42[", '42[1,"a"]', '42/admin,["a"]', '451-["a",{"_placeholder":true,"num":0}]', "43[]", "9", new ArrayBuffer(2), null]) {
    assert.equal(decode(odd), null, String(odd));
  }
});

/** Goal: nothing is said before the relay's greeting, and greetings reach their listeners. */
test("the client waits for welcome before it sends", async () => {
  const server = await serve({ greet: false });
  const socket = connect(server.port);
  let welcomes = 0;
  socket.on("welcome", () => {
    welcomes += 1;
    assert.equal(socket.ready, true);
  });
  socket.open();
  await until("the connection", () => server.io.engine.clientsCount === 1);
  await pause(50);
  assert.equal(socket.emit("chat", "early"), false);
  assert.equal(socket.latest("drive", { seq: 0 }), false);
  await assert.rejects(socket.request("stop", [{}]), /no connection/);
  server.io.emit("welcome", {});
  await until("the greeting", () => socket.ready);
  assert.equal(socket.emit("chat", "now", "Jade"), true);
  await until("the line", () => server.heard.length > 0);
  assert.deepEqual([welcomes, server.heard], [1, [["chat", "now", "Jade"]]]);
});

/** Goal: acknowledgements find their question, also when several are open. */
test("requests resolve with their own answers", async () => {
  const server = await serve();
  const socket = connect(server.port);
  socket.open();
  await until("the greeting", () => socket.ready);
  const answers = await Promise.all([1, 2, 3].map((number) => socket.request("echo", [number])));
  assert.deepEqual(answers.map(({ told }) => told), [1, 2, 3]);
});

/** Goal: a question that nobody answers ends in time, and one on a dying connection at once. */
test("requests fail after their patience and with the connection", async () => {
  const server = await serve();
  server.io.on("connection", (socket) => socket.removeAllListeners().offAny());
  const socket = connect(server.port);
  socket.open();
  await until("the greeting", () => socket.ready);
  await assert.rejects(socket.request("stop", [{}], 50), /no answer to stop in 50 ms/);
  const open = assert.rejects(socket.request("stop", [{}], 60_000), /broke|closed/);
  server.io.disconnectSockets(true);
  await open;
});

/** Goal: a reconnect brings the connection back, and not one of the moves made without it. */
test("nothing said offline is ever sent, motion least of all", async () => {
  const first = await serve();
  const socket = connect(first.port);
  const lost = [];
  socket.onlost = (why) => lost.push(why);
  socket.open();
  await until("the greeting", () => socket.ready);
  socket.latest("drive", { seq: 0, y: 1 });
  await until("the sample", () => first.heard.length === 1);
  await first.stop();
  await until("the loss", () => lost.length > 0);
  for (let seq = 1; seq <= 50; seq += 1) {
    assert.equal(socket.latest("drive", { seq, y: 1 }), false);
    assert.equal(socket.emit("direction", "up"), false);
  }
  const second = await serve({ port: first.port });
  await until("the greeting", () => socket.ready);
  await pause(100);
  assert.deepEqual(second.heard, []);
  socket.latest("drive", { seq: 51, y: 0 });
  await until("the new sample", () => second.heard.length > 0);
  assert.deepEqual(second.heard, [["drive", { seq: 51, y: 0 }]]);
});

/** A WebSocket that is opened and fed by hand. */
class Wire {
  static all = [];
  bufferedAmount = 0;
  readyState = 1;
  sent = [];
  constructor() {
    Wire.all.push(this);
  }
  send(text) {
    this.sent.push(text);
  }
  close() {
    this.readyState = 3;
  }
  hear(data) {
    this.onmessage({ data });
  }
  greet() {
    this.hear('0{"pingInterval":25000,"pingTimeout":20000}');
    this.hear('40{"sid":"a"}');
    this.hear('42["welcome",{}]');
  }
}

function wired(times) {
  Wire.all = [];
  const socket = connect(1, { WebSocket: Wire, times });
  socket.open();
  const wire = Wire.all[0];
  wire.greet();
  wire.sent = [];
  return { socket, wire };
}

/** Goal: on a slow radio the newest sample is sent, not the queue of all that came before. */
test("while the wire is busy only the newest value of each event waits", async () => {
  const { socket, wire } = wired();
  assert.equal(socket.latest("drive", { seq: 1 }), true);
  wire.bufferedAmount = 100;
  for (let seq = 2; seq <= 30; seq += 1) assert.equal(socket.latest("drive", { seq }), false);
  socket.latest("other", { a: 1 });
  socket.emit("stop", { reason: "must not wait" });
  await pause(20);
  assert.deepEqual(wire.sent, ['42["drive",{"seq":1}]', '42["stop",{"reason":"must not wait"}]']);
  wire.bufferedAmount = 0;
  await until("the slots", () => wire.sent.length === 4);
  assert.deepEqual(wire.sent.slice(2), ['42["drive",{"seq":30}]', '42["other",{"a":1}]']);
  await pause(20);
  assert.equal(wire.sent.length, 4);
});

/** Goal: a sample that waited in the slot dies with its connection. */
test("a waiting sample is not carried over to the next connection", async () => {
  const { socket, wire } = wired();
  wire.bufferedAmount = 100;
  socket.latest("drive", { seq: 1, y: 1 });
  wire.onclose();
  await until("the next attempt", () => Wire.all.length === 2);
  Wire.all[1].greet();
  Wire.all[1].sent = [];
  await pause(30);
  socket.latest("other", 1);
  assert.deepEqual(Wire.all[1].sent, ['42["other",1]']);
});

/** Goal: pings are answered at every stage, or the relay hangs up. */
test("a ping before the greeting is answered", () => {
  Wire.all = [];
  const socket = connect(1, { WebSocket: Wire });
  socket.open();
  Wire.all[0].hear('0{"pingInterval":25000,"pingTimeout":20000}');
  Wire.all[0].hear("2");
  assert.deepEqual(Wire.all[0].sent, ["40{}", "3"]);
});

/** Goal: a half-open connection, which never says goodbye, is given up. */
test("silence ends a connection that claims to be open", async () => {
  const { socket, wire } = wired({ silence: 60 });
  const lost = [];
  socket.onlost = (why) => lost.push(why);
  await until("the end", () => lost.length === 1);
  assert.match(lost[0], /nothing heard/);
  assert.deepEqual([socket.ready, wire.readyState], [false, 3]);
  await until("the next attempt", () => Wire.all.length === 2);
  socket.on("telemetry", () => assert.fail("a dead connection must not speak any more"));
  wire.hear('42["telemetry",{}]');
});

/** Goal: attempts slow down while the relay is away, and one greeting makes them quick again. */
test("reconnection backs off, and hurries when told", async () => {
  const { socket } = wired({ retry: [40, 10_000] });
  const at = [];
  const fail = () => {
    at.push(Date.now());
    Wire.all.at(-1).onclose();
  };
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    fail();
    await until("an attempt", () => Wire.all.length === attempt + 1);
  }
  fail();
  const gaps = at.slice(1).map((time, index) => time - at[index]);
  assert.ok(gaps[3] > 2 * gaps[0], gaps.join(" "));
  const before = Wire.all.length;
  socket.hurry();
  assert.equal(Wire.all.length, before + 1);
});

/** Goal: a refusal by the relay is told in its own words. */
test("a refused connection says why", async () => {
  const server = await serve();
  server.io.use((socket, next) => next(new Error("this phone is not paired")));
  const socket = connect(server.port);
  const lost = [];
  socket.onlost = (why) => lost.push(why);
  socket.open();
  await until("the refusal", () => lost.length > 0);
  assert.equal(lost[0], "this phone is not paired");
});

/** Goal: close is the end. */
test("a closed client stays closed", async () => {
  const { socket } = wired();
  socket.close();
  await pause(150);
  socket.hurry();
  assert.equal(Wire.all.length, 1);
});
