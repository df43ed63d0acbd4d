// The languages: the same keys and places in each, every key used and every used key there.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import * as calibrate from "../../web/calibrate-words.js";
import * as details from "../../web/details-words.js";
import * as journal from "../../web/journal-words.js";
import * as robots from "../../web/robots-words.js";
import { LANGUAGES, nth, pick, said, speak, t } from "../../web/words.js";
import { de } from "../../web/words-de.js";
import { en } from "../../web/words-en.js";

const web = new URL("../../web/", import.meta.url);
const read = (name) => readFileSync(new URL(name, web), "utf8");
const html = read("index.html");
const code = readdirSync(web)
  .filter((name) => name.endsWith(".js") && !/\bwords\b/.test(name))
  .map(read)
  .join("\n");
const listing = ["robots-panel.js", "robot-row.js"].map(read).join("\n");
const detailed = read("details.js");
const journals = ["journal-panel.js", "journal-entry.js"].map(read).join("\n");
const calibration = ["calibrate.js", "calibrate-panel.js"].map(read).join("\n");
const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

afterEach(() => speak("en"));

/** Goal: nobody meets a gap, or a brace that was not filled. */
for (const [what, english, german] of [["the page", en, de], ["calibration", calibrate.en, calibrate.de], ["the list of robots", robots.en, robots.de], ["the details", details.en, details.de], ["log and recordings", journal.en, journal.de]]) {
  test(`both languages of ${what} have the same keys and the same places`, () => {
    assert.deepEqual(Object.keys(german), Object.keys(english));
    for (const [key, text] of Object.entries(english)) {
      assert.deepEqual(places(german[key]), places(text), key);
      assert.ok(text.trim() !== "" && german[key].trim() !== "", key);
    }
  });
}

/** Goal: every key in code and HTML exists, and none is left over. */
test("what is said exists, and what exists is said", () => {
  const attributes = [...html.matchAll(/\sdata-t(?:-[a-z-]+)?="([^"]+)"/g)].map(([, key]) => key);
  // Keys stand in code as they are, to be found again by whoever reads it.
  const quoted = [...code.matchAll(/"([a-z]+(?:\.\w+)+)"/g)].map(([, key]) => key).filter((key) => !/\.(js|css)$/.test(key));
  for (const key of attributes) assert.ok(Object.hasOwn(en, key), `index.html says ${key}`);
  for (const [, key] of code.matchAll(/\bt\(\s*"([^"]+)"/g)) assert.ok(Object.hasOwn(en, key), `the code says ${key}`);
  const used = new Set([...attributes, ...quoted]);
  // These families are said by a word that the relay, the situation or the language brings.
  const families = /^(state|code|ordinal)\./;
  assert.deepEqual(Object.keys(en).filter((key) => !used.has(key) && !families.test(key)), []);
});

/** Goal: the same for what calibration says, whose steps and answers are keys by themselves. */
test("calibration says what exists, and what exists is said", () => {
  const quoted = new Set([...calibration.matchAll(/"([a-zA-Z_]+(?:\.\w+)?)"/g)].map(([, key]) => key));
  const answers = /@typedef \{("forward"[^}]*)\} Answer/.exec(calibration)[1].match(/\w+(?=")/g);
  const used = new Set([...quoted, ...answers.map((name) => `answer.${name}`)]);
  assert.deepEqual(Object.keys(calibrate.en).filter((key) => !used.has(key)), []);
  for (const name of answers) assert.ok(Object.hasOwn(calibrate.en, `answer.${name}`), name);
  for (const [, key] of calibration.matchAll(/\btell\("([^"]+)"/g)) assert.ok(Object.hasOwn(calibrate.en, key), key);
  assert.equal(calibrate.tell("progress", { n: 2, all: 4, name: "x" }), "Motor 2 of 4: x");
  speak("de");
  assert.equal(calibrate.tell("answer.write", { file: "a.toml" }), "In a.toml schreiben");
});

/** Goal: the same for the list of robots. */
test("the list of robots says what exists, and what exists is said", () => {
  const quoted = new Set([...listing.matchAll(/"([a-z]+(?:\.\w+)?)"/g)].map(([, key]) => key));
  assert.deepEqual(Object.keys(robots.en).filter((key) => !quoted.has(key)), []);
  for (const [, key] of listing.matchAll(/\btell\("([^"]+)"/g)) assert.ok(Object.hasOwn(robots.en, key), key);
  speak("de");
  assert.equal(robots.tell("drives", { name: "Wren" }), "Wren fährt");
});

/** Goal: the same for the details, and for log and recordings. */
test("details, log and recordings say what exists, and what exists is said", () => {
  for (const [code, { en }] of [[detailed, details], [journals, journal]]) {
    const quoted = new Set([...code.matchAll(/"([a-z]+(?:\.\w+)?)"/g)].map(([, key]) => key));
    assert.deepEqual(Object.keys(en).filter((key) => !quoted.has(key)), []);
    for (const [, key] of code.matchAll(/\btell\("([^"]+)"/g)) assert.ok(Object.hasOwn(en, key), key);
  }
  const kinds = readFileSync(new URL("../../src/journal/record.rs", import.meta.url), "utf8");
  const named = [...kinds.matchAll(/Self::\w+ => (?:"(\w+)"|name::(\w+))/g)].map(([, text, constant]) => text ?? constant.toLowerCase());
  assert.ok(named.length >= 16);
  for (const kind of named) assert.ok(Object.hasOwn(journal.en, `event.${kind}`), kind);
});

/** Goal: the families have a member for whatever may come, and none for what never does. */
test("states, codes and ordinals are those that there are", () => {
  const views = [...read("status.js").matchAll(/"(\w+)"/g)].map(([, view]) => view);
  const rust = ["drive/safety.rs", "agent/wording.rs", "relay/client.rs", "relay/fleet/remote.rs"]
    .map((path) => readFileSync(new URL(`../../src/${path}`, import.meta.url), "utf8"))
    .join("\n");
  for (const key of Object.keys(en)) {
    const [family, name] = key.split(".");
    if (family === "state") assert.ok(views.includes(name), key);
    if (family === "code") assert.ok(rust.includes(`"${name}"`), key);
  }
  for (const n of [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 101]) assert.match(nth(n), new RegExp(`^${n}(st|nd|rd|th)$`));
});

/** Goal: English is the language of index.html itself, so an English page changes nothing on load. */
test("index.html says in English what the dictionary says", () => {
  for (const [, key, text] of html.matchAll(/data-t="([^"]+)"[^>]*>([^<]*)</g)) assert.equal(text, en[key], key);
  for (const [, name, text, key] of html.matchAll(/\b(aria-label|placeholder|title)="([^"]*)" data-t-\1="([^"]+)"/g)) {
    assert.equal(text, en[key], `${name} of ${key}`);
  }
});

/** Goal: the person's choice first, then the browser's list, then English. */
test("the language is the first that a person reads", () => {
  assert.deepEqual(LANGUAGES, ["en", "de"]);
  assert.equal(pick("auto", ["de-CH", "en"]), "de");
  assert.equal(pick("auto", ["fr-FR", "en-GB", "de"]), "en");
  assert.equal(pick("en", ["de"]), "en");
  assert.equal(pick(null, ["fr"]), "en");
  assert.equal(pick("xx", []), "en");
});

/** Goal: names are filled in, and a name with braces stays a name. */
test("places are filled once", () => {
  assert.equal(t("seat.drives", { name: "{name} $& Wren" }), "{name} $& Wren drives");
  speak("de");
  assert.equal(t("seat.drives", { name: "Wren" }), "Wren fährt");
  assert.equal(nth(2), "2.");
});

/** Goal: the relay's sentences come in the person's language where we have one, and never lose their detail. */
test("a known code is translated and keeps the detail in brackets", () => {
  assert.equal(said("no_such_code", "something else (7)"), "something else (7)");
  assert.equal(said("toString", "a sentence"), "a sentence");
  speak("de");
  assert.match(said("latched", "STOP is latched: an operator must hold reset for 2 seconds (space bar)"), /^STOP ist aktiv.*\(space bar\)$/);
  assert.equal(said("not_latched", "STOP is not latched"), "STOP ist nicht aktiv");
});
