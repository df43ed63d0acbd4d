// Log and recordings before a relay that is slow, silent, or says no: what is asked, and what is shown of the answers.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import { ages, where } from "../../web/details.js";
import { evidence, length, sentence, size } from "../../web/journal-entry.js";
import { LogSearch } from "../../web/log.js";
import { Recordings } from "../../web/recordings.js";
import { late, shortly } from "../../web/reason.js";
import { day, hour, otherDay } from "../../web/when.js";
import { speak } from "../../web/words.js";
import { FakeClock, FakeLine, settled } from "./clock.mjs";

/** A browser of somebody who reads American English first. */
Object.defineProperty(globalThis, "navigator", { value: { languages: ["en-US", "de-AT"] }, configurable: true });

let clock;
let line;
let search;
beforeEach(() => {
  clock = new FakeClock();
  line = new FakeLine(clock);
  search = new LogSearch(line, clock);
  line.answer = (_, { before }) => page(before ?? 101);
});
afterEach(() => speak("en"));

const asked = () => line.asked.map(({ value }) => value);
const ids = () => search.entries.map(({ id }) => id);
/** Fifty entries older than one, of a hundred. */
const page = (before) => {
  const from = Math.max(1, before - 50);
  return { ok: true, entries: Array.from({ length: before - from }, (_, n) => ({ id: from + n })), more: from > 1 };
};
/** A relay whose answers come when a test says so. */
function slow() {
  const waiting = [];
  line.request = (name, [value]) => new Promise((answer, fail) => waiting.push({ name, value, answer, fail }));
  return waiting;
}

/** Goal: nobody's typing is a flood, and the last word counts. */
test("a search is asked when the typing rests", async () => {
  for (const text of ["h", "he", "hel"]) {
    search.type(text);
    await clock.move(200);
  }
  assert.deepEqual([asked().length, search.state], [0, "asking"]);
  search.type("hel ");
  await clock.move(200);
  assert.deepEqual(asked(), [{ text: "hel", events: [], robot: null, most: 50 }]);
  assert.equal(search.state, "found");
  await search.look({ events: ["chat"], robot: "Rover" });
  assert.deepEqual(asked()[1], { text: "hel", events: ["chat"], robot: "Rover", most: 50 });
});

/** Goal: what is shown belongs to what stands in the field. */
test("an answer that was overtaken is never shown", async () => {
  const waiting = slow();
  void search.look({ text: "old" });
  void search.look({ text: "new" });
  waiting[1].answer({ ok: true, entries: [{ id: 2 }], more: false });
  await settled();
  waiting[0].answer({ ok: true, entries: [{ id: 1 }], more: true });
  await settled();
  assert.deepEqual([ids(), search.more, search.state], [[2], false, "found"]);
  void search.look();
  search.type("newer");
  waiting[2].answer({ ok: true, entries: [{ id: 3 }], more: false });
  await settled();
  assert.deepEqual([ids(), search.state], [[2], "asking"], "typed on while it was asked");
  await clock.move(300);
  waiting[3].fail(new Error("no answer"));
  await settled();
  assert.deepEqual([ids(), search.state, search.why], [[], "failed", ""]);
});

/** Goal: page by page to the beginning, each entry once. */
test("older entries come before those that are there", async () => {
  await search.look();
  assert.deepEqual([ids()[0], ids().at(-1), search.more], [51, 100, true]);
  await Promise.all([search.back(), search.back()]);
  assert.equal(asked().length, 2, "a second tap asks nothing");
  assert.equal(asked()[1].before, 51);
  assert.deepEqual(ids(), Array.from({ length: 100 }, (_, n) => n + 1));
  assert.equal(search.more, false);
  await search.back();
  assert.equal(asked().length, 2);
});

/** Goal: older entries of one question never stand above the answer to another. */
test("older entries of an earlier search are not shown", async () => {
  await search.look();
  const waiting = slow();
  void search.back();
  void search.look({ text: "other" });
  waiting[1].answer({ ok: true, entries: [{ id: 7 }], more: false });
  waiting[0].answer(page(51));
  await settled();
  assert.deepEqual([ids(), search.older], [[7], false]);
});

/** Goal: a relay that says no is quoted, and what was read already stays. */
test("a refused search says why", async () => {
  await search.look();
  line.answer = () => ({ ok: false, why: "the log is damaged", entries: [], more: false });
  await search.back();
  assert.deepEqual([ids().length, search.state, search.why], [50, "failed", "the log is damaged"]);
  await search.look();
  assert.deepEqual([ids(), search.state, search.why], [[], "failed", "the log is damaged"]);
  line.answer = () => undefined;
  await search.look();
  assert.deepEqual([search.state, search.why], ["failed", ""], "an answer that is none");
});

/** Goal: one tap begins, the next ends, and nothing is asked twice meanwhile. */
test("a recording is begun, ended and listed", async () => {
  const recordings = new Recordings(line);
  line.answer = (_, { do: what }) => ({ ok: true, running: what === "start", recordings: [{ name: what }] });
  await recordings.ask("list");
  assert.deepEqual([recordings.running, recordings.list], [false, [{ name: "list" }]]);
  await Promise.all([recordings.toggle(), recordings.toggle(), recordings.ask("list")]);
  assert.deepEqual(asked().map((request) => request.do), ["list", "start"]);
  assert.equal(recordings.running, true);
  recordings.heard(true);
  await settled();
  assert.equal(line.asked.length, 2, "what is known is not asked");
  await recordings.toggle();
  assert.deepEqual([asked().at(-1), recordings.running], [{ do: "stop" }, false]);
  recordings.heard(true);
  await settled();
  assert.deepEqual(asked().at(-1), { do: "list" }, "somebody else began one");
});

/** Goal: a refusal is told, a silence too, and neither pretends that a recording runs. */
test("a recording that is refused does not run", async () => {
  const recordings = new Recordings(line);
  line.answer = () => ({ ok: false, why: "the disk is full" });
  await recordings.toggle();
  assert.deepEqual([recordings.why, recordings.running, recordings.busy], ["the disk is full", null, null]);
  line.ready = false;
  await recordings.toggle();
  assert.equal(recordings.why, "");
  line.ready = true;
  line.answer = () => ({ ok: true, running: true });
  await recordings.toggle();
  assert.deepEqual([recordings.why, recordings.running, recordings.list], [null, true, []]);
  recordings.forget();
  assert.equal(recordings.running, null);
});

const numbers = { exceeded: { what: "sample", ms: 213, limit_ms: 200 }, sample_ms: 213, tick_ms: null, silence_ms: 12, pause_ms: 1200 };
const reason = { code: "command_stale", text: "the driver's commands stopped coming", hop: "network", numbers };

/** Goal: a stop tells place and number, in the reader's language. */
test("a stop is told with its hop and its number", () => {
  assert.equal(late(reason), "no sample for 213 ms (at most 200 ms)");
  assert.match(shortly(reason), /^no sample for 213 ms \(at most 200 ms\) · the driver's commands/);
  const told = ["tick", "silence", "pause"].map((what) => late({ numbers: { ...numbers, exceeded: { what, ms: 1500, limit_ms: 250 } } }));
  for (const sentence of told) assert.match(sentence, /1\.5 s.*at most 250 ms/);
  assert.equal(new Set(told).size, 3);
  assert.deepEqual(["", undefined, "toString", null].map((what) => late({ numbers: { exceeded: { what, ms: 1, limit_ms: 1 } } })), ["", "", "", ""]);
  assert.deepEqual([late({}), late({ numbers: null }), shortly({ code: "x", text: "of before" })], ["", "", "of before"]);
  assert.deepEqual(ages(numbers), ["Newest sample 213 ms", "Newest word of the robot 12 ms", "Last look of the program 1.2 s"]);
  assert.deepEqual([where("network"), where(""), where(undefined)], ["between driver and program", "", ""]);
  speak("de");
  assert.equal(late(reason), "seit 213 ms kein Fahrbefehl (höchstens 200 ms)");
});

/** Goal: an entry says what happened in the page's language where it can, and never less than the log. */
test("entries of the log are sentences", () => {
  const entry = { id: 1, at_ms: 0, robot: "", who: null, device: null, text: "as written", data: null };
  assert.equal(sentence({ ...entry, event: "program" }), "as written");
  assert.equal(sentence({ ...entry, event: "seat", data: { holder: "Mia", changed: true } }), "Mia drives");
  assert.equal(sentence({ ...entry, event: "seat", data: { holder: null, changed: true } }), "Nobody drives");
  assert.equal(sentence({ ...entry, event: "seat", data: { holder: "Mia", changed: false } }), "as written");
  const measured = { ...entry, event: "fault", text: "too late (network: 213 ms)", data: { code: "?", text: "too late" } };
  assert.equal(sentence(measured), "too late");
  assert.equal(sentence({ ...entry, event: "gap", text: "gap 1: 2 entries are missing here: slow disk", data: { lost: 2, why: "slow disk" } }), "2 entries are missing here: slow disk");
  assert.equal(sentence({ ...entry, event: "gap", data: { lost: 1 } }), "1 entry is missing here");
  assert.equal(sentence({ ...entry, event: "gap" }), "Entries may be missing here");
  const { code, hop } = reason;
  const fault = { ...entry, event: "fault", text: reason.text, data: { code, hop, numbers } };
  assert.deepEqual(evidence(fault)[0], "between driver and program · no sample for 213 ms (at most 200 ms)");
  assert.match(evidence(fault)[1], /Newest sample 213 ms · /);
  assert.deepEqual(evidence({ ...fault, data: { code, hop: "person", numbers: { ...numbers, exceeded: null } } }), ["somebody wanted it"]);
  assert.deepEqual(evidence(entry), []);
  const rust = ["gap", "store"].map((name) => readFileSync(new URL(`../../src/journal/${name}.rs`, import.meta.url), "utf8")).join("");
  const gap = (why) => sentence({ ...entry, event: "gap", data: { lost: 7, why } });
  speak("de");
  for (const why of ["they came faster than the disk took them", "the disk took none", "ended without a farewell"]) {
    assert.ok(rust.includes(why), why);
    assert.match(gap(`joywire ${why}`), /^Hier fehlen 7 Einträge: (es|der|das) /);
  }
  assert.match(sentence(fault), /^es kamen keine Fahrbefehle/);
  assert.equal(sentence({ ...entry, event: "seat", data: { holder: "Mia", changed: true } }), "Mia fährt");
});

/** Goal: sizes, lengths and days as people write them. */
test("figures are readable", () => {
  assert.deepEqual([size(0), size(52_400), size(999_600), size(1_240_000), size(124_000_000)], ["0 kB", "52 kB", "1 MB", "1.2 MB", "124 MB"]);
  assert.deepEqual([length(0), length(61_500), length(3_661_500)], ["0:00", "1:02", "1:01:02"]);
  const noon = new Date(2026, 10, 28, 12, 5, 9).getTime();
  const hours = (n) => noon - n * 3_600_000;
  assert.deepEqual([otherDay(noon, hours(11)), otherDay(noon, hours(13))], [false, true]);
  assert.deepEqual([day(hours(1), noon), day(hours(13), noon)], ["Today", "Yesterday"]);
  assert.match(day(hours(50), noon), /^Thursday.*26/);
  assert.match(day(hours(24 * 365), noon), /2025/);
  assert.match(hour(noon), /^12:05\sPM$/);
  assert.match(hour(noon, true), /^12:05:09\sPM$/);
  speak("de");
  assert.deepEqual([day(hours(13), noon), hour(noon), size(1_240_000)], ["Gestern", "12:05", "1,2 MB"]);
  assert.match(day(new Date(2026, 0, 5).getTime(), noon), /Jänner/, "as in the reader's own country");
});
