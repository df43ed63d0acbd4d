// Choices that stay, with a browser that remembers, one that does not, and one that remembers nonsense.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import vm from "node:vm";
import { Settings } from "../../web/settings.js";

const early = readFileSync(new URL("../../web/early.js", import.meta.url), "utf8");

/** A browser's memory; `broken` throws at every touch, as with storage switched off. */
function remember(kept, broken = false) {
  const touch = () => {
    if (broken) throw new Error("SecurityError");
  };
  globalThis.localStorage = {
    getItem: (key) => (touch(), kept[key] ?? null),
    setItem: (key, value) => (touch(), (kept[key] = value)),
  };
  return kept;
}

/** What early.js makes of a memory before the first paint. */
function beforePaint(kept, { broken = false, moreContrast = false } = {}) {
  const dataset = {};
  const getItem = (key) => {
    if (broken) throw new Error("SecurityError");
    return kept[key] ?? null;
  };
  const globals = { document: { documentElement: { dataset } }, localStorage: { getItem }, matchMedia: () => ({ matches: moreContrast }) };
  vm.runInNewContext(early, globals);
  return dataset;
}

afterEach(() => delete globalThis.localStorage);

/** Goal: a choice outlives the page and is told once. */
test("a choice is kept and told", () => {
  const kept = remember({});
  const settings = new Settings();
  const told = [];
  settings.onchange = (what) => told.push(what);
  assert.equal(settings.get("steer"), "stick");
  settings.set("steer", "thumbs");
  settings.set("steer", "thumbs");
  settings.set("steer", "sails");
  assert.deepEqual([settings.get("steer"), told, kept["joywire.steer"]], ["thumbs", ["steer"], "thumbs"]);
  settings.set("steer", "stick");
});

/** Goal: nonsense from another version is not believed. */
test("an unknown choice counts as none", () => {
  remember({ "joywire.hand": "third", "joywire.contrast": "" });
  assert.deepEqual([new Settings().get("hand"), new Settings().get("contrast")], ["right", "auto"]);
});

/** Goal: without storage everything works until the page is closed. */
for (const what of ["throws", "does not exist"]) {
  test(`a choice holds for the page where storage ${what}`, () => {
    if (what === "throws") remember({}, true);
    const settings = new Settings();
    settings.set("vibration", "off");
    assert.equal(settings.get("vibration"), "off");
    settings.set("vibration", "on");
  });
}

/** Goal: the page is laid out before it is painted as it will be afterwards. */
test("early.js agrees with the settings", () => {
  for (const steer of ["stick", "thumbs", "tank", "tilt", "sails", null]) {
    for (const hand of ["left", "right", "third", null]) {
      const kept = { "joywire.steer": steer, "joywire.hand": hand };
      remember(kept);
      const settings = new Settings();
      const page = beforePaint(kept);
      assert.deepEqual([page.steer, page.hand], [settings.get("steer"), settings.get("hand")]);
    }
  }
  assert.deepEqual({ ...beforePaint({}, { broken: true }) }, { hand: "right", steer: "stick", contrast: "normal" });
});

/** Goal: high contrast follows the system until somebody says otherwise. */
test("contrast follows the system, and a choice wins", () => {
  assert.equal(beforePaint({}, { moreContrast: true }).contrast, "more");
  assert.equal(beforePaint({ "joywire.contrast": "normal" }, { moreContrast: true }).contrast, "normal");
  assert.equal(beforePaint({ "joywire.contrast": "more" }).contrast, "more");
});
