// The page as files: its weight, its policy, and the names it shares with the relay.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import * as events from "../../web/events.js";

const web = new URL("../../web/", import.meta.url);
const read = (name) => readFileSync(new URL(name, web), "utf8");
const names = readdirSync(web);
const modules = names.filter((name) => name.endsWith(".js") && name !== "classic.js");
const html = read("index.html");
const protocol = (name) => readFileSync(new URL(`../../src/protocol/${name}.rs`, import.meta.url), "utf8");
const rust = protocol("events");
/** What a module, and everything that it imports at once, brings along. */
const reach = (name, found = new Set()) => {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, next] of read(name).matchAll(/ from "\.\/([\w-]+\.js)";$/gm)) reach(next, found);
  return found;
};
/** What is there from the start, and what comes when somebody opens it. */
const first = [...reach("early.js"), ...reach("main.js")];
const wanted = modules.flatMap((name) => [...read(name).matchAll(/\bimport\("\.\/([\w-]+\.js)"\)(?!\.)/g)].map(([, next]) => next));
const later = [...new Set(wanted.flatMap((name) => [...reach(name)]))].filter((name) => !first.includes(name));
const loaded = ["index.html", "style.css", "icon.svg", "manifest.webmanifest", ...first];
const weigh = (files) => files.reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);
const pictures = names.filter((name) => name.endsWith(".png"));

/** Goal: a phone on a poor network has the page in a blink. */
test("everything that the browser loads weighs less than 100 kB on the wire", () => {
  assert.ok(weigh(loaded) < 92_000, `${weigh(loaded)} bytes`);
});

/** Goal: what few people open is no burden to the others, and comes in a blink, too. */
test("calibration, the list of robots, log and recordings come when they are opened, and weigh less than 20 kB each", () => {
  const calibration = ["calibrate-panel.js", "calibrate-words.js", "calibrate.js", "findings.js", "hold-button.js"];
  const robots = ["robot-row.js", "robots-panel.js", "robots-words.js", "stop-all.js"];
  const details = ["details-words.js", "details.js"];
  const journal = ["journal-entry.js", "journal-panel.js", "journal-words.js", "log.js", "recordings.js"];
  assert.deepEqual(later.sort(), [...calibration, ...details, ...journal, ...robots].sort());
  for (const [files, ...looks] of [[calibration, "calibrate.css"], [details], [[...journal, ...details], "journal.css"], [robots, "robots.css"]]) {
    const bytes = weigh([...files, ...looks]);
    assert.ok(bytes < 20_000, `${files[0]} and what it brings: ${bytes} bytes`);
  }
});

/** Goal: a launcher finds an icon for every shape, and none of them is a burden. */
test("every icon of the manifest exists, is small, and has the size that it claims", () => {
  const manifest = JSON.parse(read("manifest.webmanifest"));
  assert.deepEqual(new Set(manifest.icons.map(({ purpose }) => purpose)), new Set(["any", "maskable"]));
  for (const { src, type, sizes } of manifest.icons) {
    assert.ok(names.includes(src), src);
    if (type !== "image/png") continue;
    const bytes = readFileSync(new URL(src, web));
    assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes);
    assert.ok(bytes.length < 20_000, `${src} has ${bytes.length} bytes`);
  }
  assert.match(html, /rel="manifest" href="manifest.webmanifest"/);
  assert.match(html, /rel="apple-touch-icon" href="icon-180.png"/);
});

/** Goal: the strict policy has nothing to block, and no text of a stranger becomes markup. */
test("there is no inline script, no inline style and no markup from strings", () => {
  assert.doesNotMatch(html, /<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/);
  assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//);
  for (const name of [...modules, "classic.js"]) {
    assert.doesNotMatch(read(name), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/, name);
  }
});

/** Goal: the browser learns of every module at once instead of one import after another. */
test("every module is loaded from the head or when it is wanted, and every drawing exists", () => {
  const preloaded = [...html.matchAll(/(?:src|href)="([\w-]+\.js)"/g)].map(([, name]) => name);
  assert.deepEqual(preloaded.sort(), first.sort());
  assert.deepEqual([...preloaded, ...later].sort(), modules.sort());
  const drawings = new Set([...html.matchAll(/<symbol id="(i-[\w]+)"/g)].map(([, id]) => id));
  for (const [, id] of html.matchAll(/<use[^>]*href="#(i-\w+)"/g)) assert.ok(drawings.has(id), id);
  for (const view of ["connecting", "lost", "no_robot", "starting", "ready", "driving", "watching", "stopped", "latched", "choosing"]) {
    assert.ok(drawings.has(`i-${view}`), view);
  }
});

/** Goal: every file says what it is for. */
test("every file opens with a comment", () => {
  // JSON and pictures have no place for one.
  for (const name of names.filter((name) => !pictures.includes(name) && !name.endsWith(".webmanifest"))) assert.match(read(name), /^(\/\/ \S|\/\* \S|<!-- \S|<!doctype html>\n<!-- \S)/, name);
});

/** Goal: page and relay never disagree on a name. */
test("event names are those of the relay", () => {
  const body = rust.slice(rust.indexOf("pub mod name"), rust.indexOf("FROM_RELAY_ONLY"));
  const theirs = Object.fromEntries([...body.matchAll(/pub const (\w+): &str = "(\w+)"/g)].map(([, key, value]) => [key, value]));
  const ours = Object.fromEntries(Object.entries(events).filter(([, value]) => typeof value === "string"));
  assert.ok(Object.keys(theirs).length >= 12);
  assert.deepEqual(ours, theirs);
  assert.equal(events.VERSION, Number(/pub const VERSION: u32 = (\d+)/.exec(rust)[1]));
});

/** Goal: a field that is renamed in the relay is noticed here. */
test("the shapes have the relay's fields", () => {
  const types = read("contract.d.ts");
  const all = ["events", "reason", "fleet", "access", "journal"].map(protocol).join("\n").replace(/^\s*\/\/.*$/gm, "");
  const fields = (text) => [...text.matchAll(/^\s*(?:pub )?(\w+)\??:/gm)].map(([, name]) => name);
  for (const [theirs, ours] of [
    ["Person", "Person"],
    ["Welcome", "Welcome"],
    ["RobotCard", "RobotCard"],
    ["Limits", "Limits"],
    ["Drive", "Sample"],
    ["SeatView", "SeatView"],
    ["SeatReply", "SeatReply"],
    ["StopRequest", "StopRequest"],
    ["StopReply", "StopReply"],
    ["ResetRequest", "ResetRequest"],
    ["ResetReply", "ResetReply"],
    ["Reason", "Reason"],
    ["Pose", "Pose"],
    ["Link", "Link"],
    ["Telemetry", "Telemetry"],
    ["Refused", "Refused"],
    ["RobotSummary", "RobotSummary"],
    ["RobotsReply", "RobotsReply"],
    ["Access", "Access"],
    ["AccessReply", "AccessReply"],
    ["Waiting", "Waiting"],
    ["Device", "Device"],
    ["Invite", "Invite"],
    ["Numbers", "Numbers"],
    ["Exceeded", "Exceeded"],
    ["History", "History"],
    ["Entry", "Entry"],
    ["LogRequest", "LogRequest"],
    ["LogReply", "LogReply"],
    ["RecordingsReply", "RecordingsReply"],
    ["Recording", "Recording"],
  ]) {
    const there = new RegExp(`pub struct ${theirs} \\{([^}]*)\\}`).exec(all)?.[1] ?? "";
    const here = new RegExp(`interface ${ours} \\{([^}]*)\\}`).exec(types)?.[1] ?? "";
    assert.ok(fields(there).length > 0, theirs);
    assert.deepEqual(fields(here).sort(), fields(there).sort(), theirs);
  }
});

/** Goal: arguments mean the same bare and wrapped by relays on the way. */
test("payloads are unwrapped three layers deep", () => {
  for (const args of [["left"], [["left"]], [[["left", 7]]]]) assert.equal(events.payload(args), "left");
  assert.equal(events.payload([]), undefined);
});
