// What was said before and what is said now, as one list: after any join and any lost connection each line once, in order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { added, heard, logged, merged } from "../../web/talk.js";

const NOW = 1_795_000_000_000;
const entry = (id, text, ago, more = {}) =>
  logged({ id, at_ms: NOW - ago, event: "chat", robot: "Rover", who: "Mia", device: 1, text, data: [text, "Mia"], ...more });
const chat = (text, ago, sender = "Mia") => heard("chat", [text, sender], NOW - ago);
const texts = (lines) => lines.map(({ text }) => text);
const join = (lines, told, since = 0) => merged(lines, told, { now: NOW, since: NOW - since });

/** Goal: the log's words are those that were heard, however they were wrapped. */
test("a line reads the same live and from the log", () => {
  const plain = ({ event, sender, text }) => ({ event, sender, text });
  for (const [event, args, data] of [
    ["chat", ["hello", "Mia"], ["hello", "Mia"]],
    ["chat", [["hello", "Mia"]], ["hello", "Mia"]],
    ["chat", ["hello"], ["hello"]],
    ["direction", ["left"], "left"],
    ["direction", [["left"]], ["left"]],
    ["reply", [{ data: "7.2 V" }], { data: "7.2 V" }],
    ["reply", ["7.2 V"], ["7.2 V"]],
    ["notices", [{ mood: 3 }], { mood: 3 }],
  ]) {
    const line = logged({ id: 1, at_ms: NOW, event, robot: "Rover", who: null, device: null, text: "?", data });
    assert.deepEqual(plain(line), plain(heard(event, args, NOW)), JSON.stringify([event, args]));
  }
  const long = logged({ id: 1, at_ms: NOW, event: "chat", robot: "Rover", who: "Mia", device: 1, text: "a long one…", data: null });
  assert.deepEqual(plain(long), { event: "chat", sender: "Mia", text: "a long one…" });
});

/** Goal: a gap tells how much is missing and why, as far as anybody knows. */
test("a gap has its number and its reason", () => {
  const gap = (text, data) => logged({ id: 4, at_ms: NOW, event: "gap", robot: "", who: null, device: null, text, data });
  const { lost, text } = gap("gap 3: 12 entries are missing here: the disk took none", { gap: 3, lost: 12, why: "the disk took none" });
  assert.deepEqual([lost, text], [12, "the disk took none"]);
  assert.deepEqual([gap("something is missing", null).lost, gap("something is missing", null).text], [null, ""]);
});

/** Goal: who joins late reads what was said before, above what comes. */
test("on joining the log's lines stand before those that were heard", () => {
  assert.deepEqual(texts(join([], [entry(1, "a", 9000), entry(2, "b", 8000)])), ["a", "b"]);
  const early = chat("c", 10);
  assert.deepEqual(texts(join([early], [entry(1, "a", 9000), entry(2, "b", 8000)], 100)), ["a", "b", "c"], "heard before the log told");
  assert.deepEqual(texts(join([early], [entry(1, "a", 9000), entry(0, "c", 5)], 100)), ["a", "c"], "heard and told");
  assert.deepEqual(texts(join([chat("a", 10)], [entry(1, "a", 90_000), entry(2, "b", 8)], 100)), ["a", "b", "a"], "the same words anew");
});

/** Goal: a connection that comes back doubles nothing, and brings what was missed. */
test("after a lost connection each line stands once", () => {
  const first = join([], [entry(1, "a", 90_000), entry(2, "b", 80_000)]);
  const shown = ["c", "left", "c"].reduce((lines, text, n) => added(lines, chat(text, 50_000 - n * 1000)), first);
  const told = [entry(2, "b", 80_000), entry(3, "c", 50_000), entry(4, "left", 49_000), entry(5, "c", 48_000), entry(6, "missed", 20_000)];
  const again = join(shown, told, 100);
  assert.deepEqual(texts(again), ["a", "b", "c", "left", "c", "missed"]);
  assert.deepEqual(texts(join(again, told, 50)), texts(again), "and once more");
});

/** Goal: an entry without a number is the one that has it later. */
test("an entry that was told before it was written is known again", () => {
  const first = join([], [entry(0, "a", 3000), entry(0, "a", 1000)]);
  assert.deepEqual(texts(join(first, [entry(7, "a", 2990), entry(8, "a", 990)])), ["a", "a"]);
  assert.deepEqual(texts(join(first, [entry(7, "a", 2990), entry(8, "a", 990), entry(9, "b", 1)])), ["a", "a", "b"]);
  assert.deepEqual(texts(join([entry(1, "a", 1000)], [entry(2, "a", 900)])), ["a", "a"], "said twice");
});

/** Goal: what the log has lost is not lost from the page, and stays in its place. */
test("a line that the log never knew stays where it was heard", () => {
  const shown = ["a", "lost", "b"].map((text, n) => chat(text, 9000 - n * 1000));
  assert.deepEqual(texts(join(shown, [entry(1, "a", 9000), entry(3, "b", 7000), entry(4, "c", 10)], 5)), ["a", "lost", "b", "c"]);
  assert.deepEqual(texts(join(shown, [], 5)), ["a", "lost", "b"]);
});

/** Goal: clocks that disagree by a day put nothing twice. */
test("a relay with a wrong clock tells the same lines", () => {
  const DAY = 86_400_000;
  for (const wrong of [DAY, -DAY]) {
    const told = [entry(1, "a", 9000 + wrong), entry(2, "b", 8000 + wrong)];
    assert.deepEqual(texts(join([chat("a", 9000), chat("b", 8000)], told, 5)), ["a", "b"]);
  }
});

/** Goal: a page that is open for a day does not grow for a day. */
test("two hundred lines are kept", () => {
  const many = Array.from({ length: 150 }, (_, n) => chat(`live ${n}`, 1000 - n));
  const told = Array.from({ length: 100 }, (_, n) => entry(n + 1, `told ${n}`, 100_000 - n));
  const all = join(many, told, 2000);
  assert.deepEqual([all.length, all[0].text, all.at(-1).text], [200, "told 50", "live 149"]);
  assert.equal(added(all, chat("more", 0)).length, 200);
});
