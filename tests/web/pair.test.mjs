// The door as a page finds it: codes, the knock, the wait for a yes, and a relay that does not know us any more.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { guess } from "../../web/device.js";
import { keep } from "../../web/memory.js";
import { codeFrom, Pairing, takeCode } from "../../web/pair.js";
import { FakeClock, settled } from "./clock.mjs";

const CODE = "abcdefghijklmnopqrstuv";
const WAITING = [202, { status: "waiting", role: "driver", ticket: "T1", number: "0417" }];
const ADMITTED = [200, { status: "admitted", role: "driver", name: "Pixel 7" }];
const refused = (code, status = 403) => [status, { status: "refused", code, why: `server says ${code}` }];
const UNKNOWN_HERE = refused("stranger", 401);

let clock;
let pairing;
let asked;
let answers;
let sockets;

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  answers = { "/me": UNKNOWN_HERE, "/pair": WAITING, "/pair/wait": WAITING };
  sockets = [];
  pairing = new Pairing(async (path, request) => {
    asked.push({ path, method: request.method, credentials: request.credentials, body: request.body && JSON.parse(request.body) });
    const answer = answers[path];
    if (answer === null) throw new TypeError("Failed to fetch");
    return { status: answer[0], json: async () => answer[1] };
  }, clock);
  pairing.onopen = () => sockets.push("open");
  pairing.onclose = () => sockets.push("close");
  keep("paired", "");
});

const paths = () => asked.map(({ path }) => path);

/** Goal: whatever a person scanned, pasted or typed, the code is found, and nothing else is taken for one. */
test("a code is found in an address and alone", () => {
  assert.equal(codeFrom(`https://192.168.1.7:8080/p#${CODE}`), CODE);
  assert.equal(codeFrom(` ${CODE}\n`), CODE);
  assert.equal(codeFrom(`#${CODE}`), CODE);
  for (const text of ["", "#", "#top", "https://192.168.1.7:8080/", "hello there, robot", `${CODE}!`]) assert.equal(codeFrom(text), "", text);
});

/** Goal: nobody finds the code in the address bar, in the history, or in a shared link. */
test("the code leaves the address at once", () => {
  const calls = [];
  const history = { replaceState: (...args) => calls.push(args) };
  assert.equal(takeCode({ hash: `#${CODE}` }, history), CODE);
  assert.deepEqual(calls, [[null, "", "./"]]);
  assert.equal(takeCode({ hash: "" }, history), "");
  assert.equal(calls.length, 1);
});

/** Goal: where the robot's owner has a page of their own, that is where a phone that was let in goes on. */
test("a device that is let in goes on where the relay says", async () => {
  const homes = [];
  pairing.onhome = (home) => homes.push(home);
  answers["/pair"] = [200, { status: "admitted", role: "driver", name: "Pixel 7", home: "/" }];
  pairing.start(CODE);
  await pairing.ask("Pixel 7");
  assert.deepEqual([homes, sockets], [["/"], []]);
});

/** Goal: opening the address alone tells the relay nothing and spends no code. */
test("nothing is sent with the code before the tap", async () => {
  pairing.start(CODE);
  await clock.move(5000);
  assert.equal(pairing.door.step, "offer");
  assert.deepEqual([paths(), sockets], [["/me"], []]);
});

/** Goal: one tap, one yes, and the page drives: nothing else is asked of the person. */
test("from the tap to the open socket only the yes of a person is needed", async () => {
  pairing.start(CODE);
  await pairing.ask("Pixel 7");
  assert.deepEqual(asked.at(-1), { path: "/pair", method: "POST", credentials: "same-origin", body: { code: CODE, name: "Pixel 7" } });
  assert.deepEqual(pairing.door, { step: "waiting", number: "0417", trouble: false });
  await clock.move(3500);
  assert.equal(paths().filter((path) => path === "/pair/wait").length, 3);
  assert.deepEqual(asked.at(-1).body, { ticket: "T1" });
  answers["/pair/wait"] = ADMITTED;
  await clock.move(1000);
  assert.deepEqual([pairing.door.step, sockets], ["joining", ["open"]]);
  pairing.welcomed();
  assert.equal(pairing.door.step, "open");
  const before = asked.length;
  await clock.move(20_000);
  assert.equal(asked.length, before);
});

/** Goal: a relay that lets in without a question is believed. */
test("a knock may be answered with a yes at once", async () => {
  answers["/pair"] = ADMITTED;
  pairing.start(CODE);
  await pairing.ask("Pixel 7");
  assert.deepEqual([pairing.door.step, sockets], ["joining", ["open"]]);
});

/** Goal: a no is told with its reason, and only what may pass can be tried again with the same code. */
for (const [code, again] of [["unknown", false], ["void", false], ["denied", false], ["malformed", false], ["crowded", true], ["rate", true]]) {
  test(`a knock refused as ${code} says so${again ? " and may be repeated" : ""}`, async () => {
    answers["/pair"] = refused(code);
    pairing.start(CODE);
    await pairing.ask("Pixel 7");
    assert.deepEqual(pairing.door, { step: "refused", code, why: `server says ${code}`, again });
    assert.deepEqual(sockets, []);
    if (!again) return;
    answers["/pair"] = WAITING;
    pairing.again();
    await pairing.ask("Pixel 7");
    assert.deepEqual([asked.at(-1).body.code, pairing.door.step], [CODE, "waiting"]);
  });
}

/** Goal: a person who says no while the number is compared is heard. */
test("a no during the wait ends it", async () => {
  pairing.start(CODE);
  await pairing.ask("Pixel 7");
  answers["/pair/wait"] = refused("denied");
  await clock.move(1000);
  assert.equal(pairing.door.step, "refused");
  const before = asked.length;
  await clock.move(10_000);
  assert.equal(asked.length, before);
});

/** Goal: a weak network spoils neither the knock nor the wait. */
test("silence of the network is told and waited out", async () => {
  answers["/pair"] = null;
  pairing.start(CODE);
  await pairing.ask("Pixel 7");
  assert.deepEqual(pairing.door, { step: "offer", already: false, trouble: true });
  answers["/pair"] = WAITING;
  await pairing.ask("Pixel 7");
  for (const answer of [null, [502, "<html>"], refused("rate", 429)]) {
    answers["/pair/wait"] = answer;
    await clock.move(1000);
    assert.deepEqual(pairing.door, { step: "waiting", number: "0417", trouble: true });
  }
  answers["/pair/wait"] = WAITING;
  await clock.move(1000);
  assert.equal(pairing.door.trouble, false);
  answers["/pair/wait"] = ADMITTED;
  await clock.move(1000);
  assert.equal(pairing.door.step, "joining");
});

/** Goal: a lost connection is not mistaken for a closed door. */
for (const [what, answer] of [["no network", null], ["an error of the server", [500, {}]], ["a relay without pairing", [404, {}]], ["a session that holds", ADMITTED]]) {
  test(`after a lost socket ${what} keeps the page as it is`, async () => {
    answers["/me"] = answer;
    pairing.start("");
    await pairing.look();
    assert.deepEqual([pairing.door.step, sockets], ["open", ["open"]]);
  });
}

/** Goal: a page that is not let in does not hammer the relay, and comes in by itself once it may. */
test("a stranger closes its socket and looks again every ten seconds", async () => {
  pairing.start("");
  await pairing.look();
  assert.deepEqual(pairing.door, { step: "stranger", removed: false });
  assert.deepEqual(sockets, ["open", "close"]);
  await clock.move(35_000);
  assert.equal(paths().filter((path) => path === "/me").length, 4);
  answers["/me"] = null;
  await clock.move(10_000);
  assert.equal(pairing.door.step, "stranger");
  answers["/me"] = ADMITTED;
  await clock.move(10_000);
  assert.deepEqual([pairing.door.step, sockets.at(-1)], ["joining", "open"]);
});

/** Goal: the socket's own closing does not start a second look. */
test("closing the socket while looking asks nothing more", async () => {
  pairing.onclose = () => void pairing.look();
  pairing.start("");
  await pairing.look();
  await settled();
  assert.deepEqual(paths(), ["/me"]);
});

/** Goal: who was in before learns that this has ended, and not how pairing works in general. */
test("a device that was removed is told so", async () => {
  answers["/me"] = ADMITTED;
  pairing.start("");
  pairing.welcomed();
  answers["/me"] = UNKNOWN_HERE;
  await pairing.look();
  assert.deepEqual(pairing.door, { step: "stranger", removed: true });
});

/** Goal: whoever scans a code twice is not shut out by it. */
test("a device that is in already may go on without the code", async () => {
  answers["/me"] = ADMITTED;
  pairing.start(CODE);
  await settled();
  assert.deepEqual(pairing.door, { step: "offer", already: true, trouble: false });
  pairing.skip();
  assert.deepEqual([pairing.door.step, sockets, paths()], ["joining", ["open"], ["/me"]]);
});

/** Goal: answers to something that was given up change nothing. */
test("a late answer to an earlier knock counts for nothing", async () => {
  let answer;
  const slow = new Pairing((path) => (path === "/pair" ? new Promise((resolve) => (answer = resolve)) : Promise.reject(new Error("no"))), clock);
  slow.start(CODE);
  const first = slow.ask("Pixel 7");
  slow.offer(CODE);
  answer({ status: 200, json: async () => ADMITTED[1] });
  await first;
  assert.equal(slow.door.step, "offer");
});

/** Goal: the person at the robot's computer can tell the devices apart. */
for (const [agent, name, fingers, model] of [
  ["Mozilla/5.0 (Linux; Android 14; Pixel 7) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile Safari/537.36", "Pixel 7"],
  ["Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36", "Android phone"],
  ["Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36", "SM-G991B", 5, "SM-G991B"],
  ["Mozilla/5.0 (Linux; Android 9; SM-T510 Build/PPR1) AppleWebKit/537.36 Chrome/90.0 Safari/537.36", "SM-T510"],
  ["Mozilla/5.0 (Android 13; Mobile; rv:120.0) Gecko/120.0 Firefox/120.0", "Android phone"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1", "iPhone"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15", "iPad", 5],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15", "Safari on Mac"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox on Linux"],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0", "Edge on Windows"],
  ["curl/8.0", "Browser"],
]) {
  test(`${agent.slice(12, 50)} is called ${name}`, () => assert.equal(guess(agent, fingers, model), name));
}
