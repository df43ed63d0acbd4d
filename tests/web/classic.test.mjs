// The classic script with the global `io`, against the stock server and beside the stock client.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { afterEach, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import vm from "node:vm";
import { Server } from "socket.io";
import { io as stockIo } from "socket.io-client";
import WebSocket from "ws";

const script = readFileSync(new URL("../../web/classic.js", import.meta.url), "utf8");
const ends = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function until(what, is, ms = 4000) {
  const end = Date.now() + ms;
  while (!is()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await pause(2);
  }
}

/** A relay as the original one was: everything that anyone says goes to everyone, wrapped in one array. */
async function relay(port = 0) {
  const http = createServer();
  const io = new Server(http, { serveClient: false });
  const heard = [];
  const auths = [];
  io.on("connection", (socket) => {
    auths.push(socket.handshake.auth);
    socket.on("ask", (question, answer) => answer(`${question}!`, 2));
    socket.on("silent", () => {});
    socket.onAny((name, ...args) => {
      heard.push([name, ...args.filter((arg) => typeof arg !== "function")]);
      if (!["ask", "silent"].includes(name)) io.emit(name, args);
    });
  });
  await new Promise((resolve) => http.listen(port, "127.0.0.1", resolve));
  const stop = () => io.close();
  ends.push(stop);
  return { io, heard, auths, stop, port: http.address().port };
}

/** Loads the script as a page of that relay would. */
function page(port) {
  const warnings = [];
  const globals = {
    WebSocket,
    URL,
    location: { href: `http://127.0.0.1:${port}/chat.html` },
    console: { warn: (text) => warnings.push(text) },
    setTimeout,
    clearTimeout,
  };
  vm.runInContext(script, vm.createContext(globals));
  const io = (...args) => {
    const socket = globals.io(...args);
    ends.push(() => socket.disconnect());
    return socket;
  };
  return { io, warnings };
}

/** Goal: the original page's script does what it did with the stock bundle. */
test("a page of the original drives, chats and reads replies", async () => {
  const { heard, auths, port } = await relay();
  const { io, warnings } = page(port);
  const socket = io({ ackTimeout: 10_000, retries: 3, auth: { serverOffset: 0 } });
  const told = [];
  socket.on("chat", (message) => told.push(["chat", ...message]));
  socket.on("reply", (message) => told.push(["reply", message[0].data]));
  await until("the connection", () => socket.connected);
  assert.equal(typeof socket.id, "string");
  socket.emit("direction", "left");
  socket.emit("chat", "hello", socket.id, "x");
  const robot = stockIo(`http://127.0.0.1:${port}`);
  ends.push(() => robot.disconnect());
  robot.on("connect", () => robot.emit("reply", { data: "left" }));
  await until("both", () => told.length === 2);
  assert.deepEqual(heard.slice(0, 2), [["direction", "left"], ["chat", "hello", socket.id, "x"]]);
  assert.deepEqual(told, [["chat", "hello", socket.id, "x"], ["reply", "left"]]);
  assert.equal(auths[0].serverOffset, 0);
  assert.equal(warnings.length, 1);
});

/** Goal: a press made offline is forgotten; a chat line is kept, as pages expect. */
test("offline a chat line waits and a direction does not", async () => {
  const first = await relay();
  const { io } = page(first.port);
  const socket = io({ auth: { serverOffset: 0 } });
  const life = [];
  socket.on("connect", () => life.push("connect"));
  socket.on("disconnect", (why) => life.push(why));
  await until("the connection", () => socket.connected);
  socket.auth.serverOffset = 5;
  await first.stop();
  await until("the loss", () => socket.disconnected);
  socket.emit("direction", "up");
  socket.emit("chat", "still here");
  const second = await relay(first.port);
  await until("the line", () => second.heard.length > 0);
  await pause(50);
  assert.deepEqual(second.heard, [["chat", "still here"]]);
  assert.equal(second.auths[0].serverOffset, 5);
  assert.deepEqual(life.filter((word) => word === "connect").length, 2);
});

/** Goal: acknowledgements come in the stock client's two manners. */
test("acknowledgements are plain, or error first with a time limit", async () => {
  const { port } = await relay();
  const { io } = page(port);
  const plain = io();
  const limited = io({ ackTimeout: 80 });
  const told = [];
  plain.emit("ask", "well", (...answer) => told.push(answer));
  await until("the plain answer", () => told.length === 1);
  limited.emit("ask", "well", (...answer) => told.push(answer));
  await until("the other", () => told.length === 2);
  limited.emit("silent", 1, (error) => told.push(error));
  await until("the time limit", () => told.length === 3);
  assert.deepEqual(told.slice(0, 2), [["well!", 2], [null, "well!", 2]]);
  assert.match(String(told[2]), /timed out/);
});

/** Goal: once, off, disconnect and connect mean what they mean elsewhere. */
test("listeners come and go, and a disconnected socket can be connected again", async () => {
  const { io: server, port } = await relay();
  const { io } = page(port);
  const socket = io(`http://127.0.0.1:${port}`);
  const told = [];
  const twice = () => told.push("twice");
  socket.once("news", () => told.push("once"));
  socket.on("news", twice);
  await until("the connection", () => socket.connected);
  server.emit("news");
  server.emit("news");
  await until("the news", () => told.length === 3);
  socket.off("news", twice);
  const ends = [];
  socket.on("disconnect", (why) => ends.push(why));
  socket.disconnect();
  assert.deepEqual([socket.connected, socket.id, ends], [false, undefined, ["io client disconnect"]]);
  await pause(100);
  assert.equal(server.engine.clientsCount, 0);
  socket.connect();
  await until("the second connection", () => socket.connected);
  server.emit("news");
  await pause(50);
  assert.deepEqual(told, ["once", "twice", "twice"]);
});

/** Goal: a server may ask for an acknowledgement. */
test("a listener can answer", async () => {
  const { io: server, port } = await relay();
  const { io } = page(port);
  const socket = io();
  socket.on("sum", (a, b, answer) => answer(a + b));
  await until("the connection", () => socket.connected);
  const [sum] = await server.timeout(1000).emitWithAck("sum", 2, 3);
  assert.equal(sum, 5);
});

/** Goal: what students copy from the stock client's guide works, or says what to do instead. */
test("onAny, volatile, timeout and emitWithAck mean what they mean elsewhere", async () => {
  const { io: server, heard, port } = await relay();
  const { io, warnings } = page(port);
  const socket = io();
  socket.volatile.emit("lamp", "early");
  await until("the connection", () => socket.connected);
  const any = [];
  const listener = (name, ...args) => any.push([name, ...args]);
  socket.onAny(listener);
  socket.volatile.emit("lamp", "on");
  await until("the lamp", () => any.length === 1);
  assert.equal(JSON.stringify([any, heard]), '[[["lamp",["on"]]],[["lamp","on"]]]', "what was said offline is gone");
  socket.offAny(listener);
  server.emit("lamp", "off");
  assert.equal(await socket.emitWithAck("ask", "well"), "well!");
  assert.equal(await socket.timeout(1000).emitWithAck("ask", "well"), "well!");
  await assert.rejects(socket.timeout(50).emitWithAck("silent"), /timed out/);
  const told = [];
  socket.timeout(50).emit("silent", (error) => told.push(error));
  await until("the time limit", () => told.length === 1);
  assert.match(String(told[0]), /timed out/);
  assert.equal(any.length, 1);
  socket.io.on("reconnect", () => {});
  io("/chat");
  assert.match(warnings.join("\n"), /no manager: listen to connect.*\n.*no namespaces: \/chat/);
});

const pixels = (length) => Uint8Array.from({ length }, (_, at) => at & 255);
/** Bytes of whichever world as a list. */
const listed = (value) => [...new Uint8Array(value)];

/** Goal: a picture goes where a text goes: to the others, into answers, and back. */
test("binary data arrives whole among texts, both ways and in acknowledgements", async () => {
  const { io: server, heard, port } = await relay();
  const { io } = page(port);
  const socket = io();
  await until("the connection", () => socket.connected);
  const told = [];
  socket.on("picture", (message) => told.push(message));
  const when = new Date(0);
  socket.emit("picture", { pixels: pixels(3000), size: [3000, 1], when }, "x", pixels(0).buffer);
  socket.emit("picture", "a text behind it");
  await until("both", () => told.length === 2);
  const [, sent, word, nothing] = heard[0];
  assert.deepEqual([listed(sent.pixels), sent.size, sent.when, word, nothing.length], [[...pixels(3000)], [3000, 1], when.toISOString(), "x", 0]);
  assert.deepEqual([listed(told[0][0].pixels), told[0][1], told[1][0]], [[...pixels(3000)], "x", "a text behind it"]);
  socket.on("photo", (answer) => answer({ photo: pixels(5) }));
  const [{ photo }] = await server.timeout(1000).emitWithAck("photo");
  assert.deepEqual(listed(photo), [0, 1, 2, 3, 4]);
  const other = io();
  await until("the other connection", () => other.connected);
  server.sockets.sockets.get(other.id).removeAllListeners("ask").on("ask", (_question, answer) => answer(Buffer.from("bytes")));
  assert.deepEqual(listed(await other.emitWithAck("ask", "well")), [...Buffer.from("bytes")]);
});

/** Goal: a picture that is too large costs a warning, not the connection, again and again. */
test("what is longer than the relay takes is not sent, and the console says why", async () => {
  const { io: server, heard, port } = await relay();
  const { io, warnings } = page(port);
  server.on("connection", (guest) => guest.emit("welcome", { limits: { event_bytes: 1000 } }));
  const socket = io();
  let welcomed = false;
  socket.on("welcome", () => (welcomed = true));
  await until("the welcome", () => welcomed);
  socket.emit("picture", pixels(1000));
  socket.emit("text", "x".repeat(1000));
  socket.emit("picture", pixels(900));
  await until("the small one", () => heard.length > 0);
  assert.equal(listed(heard[0][1]).length, 900);
  assert.match(warnings.join("\n"), /does not send \d+ bytes at once \(picture\): 1000 is the most\n.*\(text\)/);
});

/** Goal: habits from the stock client's guide do what they do there. */
test("auth may be a function, reconnection false, and a listener that hears once can be taken back", async () => {
  const { io: server, auths, port } = await relay();
  const { io } = page(port);
  let visits = 0;
  const socket = io({ auth: (tell) => tell({ visit: (visits += 1) }), reconnection: false });
  await until("the connection", () => socket.connected);
  assert.deepEqual(auths[0], { visit: 1 });
  const told = [];
  const once = (word) => told.push(word);
  socket.once("news", once);
  socket.off("news", once);
  socket.once("message", once);
  socket.send("hello");
  await until("the message", () => told.length > 0);
  server.emit("news", "too late");
  socket.on("disconnect", (why) => told.push(why));
  server.engine.clients[Object.keys(server.engine.clients)[0]].close(true);
  await until("the loss", () => socket.disconnected && !socket.active);
  assert.equal(JSON.stringify(told), '[["hello"],"transport close"]');
});
