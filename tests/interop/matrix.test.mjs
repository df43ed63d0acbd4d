// Who can talk to whom: every client we know of, to Joywire and to a server like the original's, as a table.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Original } from "./original.mjs";
import { Rig, until } from "./rig.mjs";
import { onlooker, plain, talkers } from "./talkers.mjs";

const PATIENCE_MS = 5000;
/** The longest event that Joywire relays, bytes of its JSON. */
const EVENT_BYTES = 16 * 1024;
const ESCAPED = "names of events are in ASCII here: escaped ones, as Python writes them, close the connection to Joywire";

const long = (name) => "0123456789abcdef".repeat(EVENT_BYTES / 16).slice(JSON.stringify([name, ""]).length);
const bytes = (length, step) => Buffer.from(Array.from({ length }, (_, at) => (at * step) & 255));

/** What is said: a name for the way there, another one for the way back, and arguments. */
const WORDS = {
  text: { there: "lamp", back: "lamp-back", args: ["on", "", 'a "quoted" \\ line\nand another'] },
  JSON: {
    there: "reading",
    back: "reading-back",
    args: [{ deep: [{ er: { a: [[], {}, [null, true, false]] } }], n: [0, -1, 0.1, -2.5e-7, 1e21, 9007199254740991] }, [1, ["2"]], null],
  },
  binary: { there: "picture", back: "picture-back", args: [{ pixels: bytes(3000, 7), format: "raw" }, bytes(256, 1), "x"] },
  unicode: { there: "größe-🤖", back: "größe-🤖-back", args: ["Grüße, Ελλάδα, 日本語, עברית, 🤖👩🏽‍🚀", { "ключ 🔑": "\u2028\u0000" }] },
  "16 KiB": { there: "long", back: "back", args: [] },
};
for (const name of ["long", "back"]) assert.equal(JSON.stringify([name, long(name)]).length, EVENT_BYTES);

const COLUMNS = [...Object.keys(WORDS).slice(0, 3), "ack", "unicode", "16 KiB"];
const ASCII = { there: "size", back: "size-back" };
const GREETING = "greeting";
const names = [...Object.values(WORDS), ASCII].flatMap(({ there, back }) => [there, back]).concat("question");

const rows = [];
const notes = [];
const servers = {};
let rig;
let original;

before(async () => {
  rig = await Rig.start();
  original = await Original.start({ acknowledges: true });
  for (const [name, url] of [["Joywire", rig.url], ["Node.js 4.8", original.url]]) {
    servers[name] = { url, onlooker: onlooker(url) };
    await servers[name].onlooker.connected();
  }
});
after(async () => {
  for (const server of Object.values(servers)) server.onlooker.end();
  await original?.stop();
  await rig?.stop();
});

/** The mark of a note below the table, each note once. */
function note(text) {
  if (!notes.includes(text)) notes.push(text);
  return `[${notes.indexOf(text) + 1}]`;
}

/** One says something, and each of the others hears exactly that, once, wrapped as the original did. */
async function passes(from, listeners, name, args) {
  const before = listeners.map(({ heard }) => heard.length);
  from.say(name, ...args);
  const wanted = plain([name, args]);
  for (const [at, { heard }] of listeners.entries()) {
    const fresh = () => heard.slice(before[at]).filter(([heardName]) => heardName === name);
    const told = () => `${name}; heard ${JSON.stringify(fresh()).slice(0, 300)}`;
    await until(told, () => fresh().length > 0, PATIENCE_MS);
    assert.ok(isDeepStrictEqual(fresh(), [wanted]), told());
  }
}

/** One cell: there, to the sender and the onlooker, and back again. */
const cells = Object.fromEntries(
  Object.entries(WORDS).map(([column, words]) => [
    column,
    async (talker, { onlooker }, { ascii, mute }) => {
      const { there, back } = { ...words, ...(ascii ? ASCII : {}) };
      const args = (name) => (column === "16 KiB" ? [long(name)] : words.args);
      if (!mute) await passes(talker, [talker, onlooker], there, args(there));
      await passes(onlooker, [onlooker, talker], back, args(back));
    },
  ]),
);

/** What is acknowledged is also relayed, without a trace of that. */
cells.ack = async (talker, { onlooker }, { joywire }) => {
  const question = ["how many?", { at: "all" }];
  const [answer] = await Promise.all([talker.ask("question", ...question), heardBy(onlooker, ["question", question])]);
  if (!joywire) return assert.deepEqual(answer, talker.socket?.request ? question.slice(0, 1) : question);
  assert.deepEqual(answer, []);
  const [{ ok, seat }] = await talker.ask("seat", { want: "release" });
  return assert.ok(typeof ok === "boolean" && seat.epoch >= 0, "an acknowledgement with something in it");
};

function heardBy({ heard }, wanted) {
  const from = heard.length;
  return until(`the onlooker to hear ${wanted}`, () => heard.slice(from).some((event) => isDeepStrictEqual(event, wanted)), PATIENCE_MS);
}

/** An answer may never come. */
function limited(what, promise) {
  const late = pause(2 * PATIENCE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${what} took too long`);
  });
  return Promise.race([promise, late]);
}

async function row(client, serverName, transport) {
  const server = servers[serverName];
  const joywire = serverName === "Joywire";
  const talker = client.start(server.url, transport);
  const failures = [];
  // Whoever waits for a greeting is greeted also by a server that greets nobody.
  const greeter = joywire ? undefined : setInterval(() => server.onlooker.say(GREETING), 50);
  const marks = {};
  try {
    await talker.connected();
    if (joywire) await until("a welcome", () => talker.welcomed);
    clearInterval(greeter);
    for (const column of COLUMNS) {
      const ascii = column === "unicode" && joywire && client.escapes;
      const [never, mute] = [client.cannot?.[column], client.mute?.[column]];
      const but = never ?? mute ?? (ascii ? ESCAPED : undefined);
      marks[column] = `${never ? "–" : "✓"}${but ? ` ${note(but)}` : ""}`;
      if (never) {
        await passes(server.onlooker, [server.onlooker], WORDS[column].back, WORDS[column].args);
        continue;
      }
      await limited(column, cells[column](talker, server, { ascii, joywire, mute })).catch((error) => {
        marks[column] = "✗";
        failures.push(`${column}: ${error.message}`);
      });
    }
  } catch (error) {
    failures.push(`no connection: ${error.message}`);
  } finally {
    clearInterval(greeter);
    await talker.end();
  }
  rows.push([client.name, serverName, transport, ...COLUMNS.map((column) => marks[column] ?? "✗")]);
  assert.deepEqual(failures, []);
}

for (const serverName of ["Joywire", "Node.js 4.8"]) {
  for (const client of talkers(serverName === "Joywire" ? "welcome" : GREETING, names)) {
    for (const transport of client.transports) {
      test(`${client.name} talks to ${serverName} by ${transport}`, () => row(client, serverName, transport));
    }
  }
}

test("the table", () => {
  const head = ["client", "server", "transport", ...COLUMNS];
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const table = [line(head), line(head.map(() => "---")), ...rows.map(line)];
  console.log(`\n${table.join("\n")}\n\n${notes.map((text, at) => `[${at + 1}] ${text}`).join("\n")}\n`);
  assert.ok(rows.length >= 2 * (4 * 2 + 3), `only ${rows.length} rows`);
});
