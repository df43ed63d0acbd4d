// What the page remembers: what was said before somebody came, the log for operators, why the robot stopped, recordings.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { launch, screens, screenshots, until, Visitor } from "./harness.mjs";
import { House } from "./house.mjs";

let browser;
let house;
const open = [];

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  [browser, house] = await Promise.all([launch(), House.open()]);
});
after(async () => {
  await browser?.close();
  await house?.stop();
});
afterEach(async () => {
  for (const visitor of open.splice(0)) await visitor.close();
});

/** Each guest is let in once, and comes again. @type {Map<string, Awaited<ReturnType<House["guest"]>>>} */
const guests = new Map();
async function visit(role, name, options = {}) {
  if (!guests.has(name)) guests.set(name, await house.guest(role, name));
  const visitor = await Visitor.open(browser, house, { kept: { name }, ...options, cookies: guests.get(name) });
  open.push(visitor);
  await visitor.says("ready", "watching", "stopped");
  return visitor;
}

const shoot = (visitor, name) => visitor.page.screenshot({ path: join(screenshots, `memory-${name}.png`) });
const reads = (visitor, selector, words, ms = 8000) =>
  until(`${words} in ${selector}`, async () => words.test((await visitor.page.locator(selector).textContent()) ?? ""), ms);
/** What people said, without the times. The simulated robot repeats all of it. */
const lines = (visitor) =>
  visitor.page.locator("#chat-lines li:not(.reply)").evaluateAll((rows) => rows.map((row) => [...row.childNodes].filter((one) => one.nodeName !== "TIME").map((one) => one.textContent).join(" ")));
const entries = (visitor) => visitor.page.locator("#log-entries li[data-event]");

async function says(visitor, ...said) {
  if (!(await visitor.page.locator("#chat").isVisible())) await visitor.page.locator("#chat-toggle").tap();
  for (const text of said) {
    await visitor.page.locator("#chat-text").fill(text);
    await visitor.page.keyboard.press("Enter");
    await until(text, async () => (await lines(visitor)).some((line) => line.includes(text)));
  }
}

/** Opens the sheet of operators as a person does. */
async function opens(visitor, tab = "log") {
  await visitor.page.locator("#settings-toggle").click();
  await visitor.page.locator("#journal-open").click();
  await visitor.page.locator("#journal").waitFor();
  await visitor.page.locator(`#journal-${tab}`).click();
}

/** Goal: who comes late reads what was said, once, with its time, and not as news; a lost connection doubles nothing. */
test("a late guest reads what was said before", async () => {
  const mia = await visit("driver", "Mia");
  await says(mia, "hello", "is anybody here?", "<img src=x onerror=boo()>");
  const late = await visit("viewer", "Late", { locale: "de-DE" });
  await until("what was said", async () => (await lines(late)).length === 3);
  assert.deepEqual(await lines(late), ["Mia hello", "Mia is anybody here?", "Mia <img src=x onerror=boo()>"]);
  assert.equal(await late.page.locator("#unread").isVisible(), false, "nothing of that is news");
  assert.deepEqual(await late.page.locator("#chat-lines time").allTextContents().then((times) => times.filter((time) => !/^\d\d:\d\d$/.test(time))), []);
  await says(mia, "and now?");
  await until("news, and the robot's answer", async () => (await late.page.locator("#unread").textContent()) === "2");
  const all = [...(await lines(late))];
  assert.deepEqual(all.slice(3), ["Mia and now?"]);
  await late.page.locator("#chat-toggle").tap();
  await shoot(late, "late");
  assert.deepEqual(await late.faults(), []);
  await late.page.locator("#chat-close").tap();
  for (const phone of [late, mia]) {
    await phone.context.setOffline(true);
    await phone.says("lost");
    await phone.context.setOffline(false);
    await phone.says("ready", "watching", "stopped");
    await pause(300);
    assert.deepEqual(await lines(phone), all);
  }
  assert.equal(await late.page.locator("#unread").isVisible(), false);
  assert.equal(await late.page.locator("#chat-lines img").count(), 0);
});

/** Goal: after a power cut the log says where something may be missing, between what was said before and after. */
test("a power cut leaves a mark, and what was acknowledged", async () => {
  const mia = await visit("driver", "Mia");
  await says(mia, "before the cut");
  // The page shows a line when it comes back, which may be before it is on the disk.
  await pause(1500);
  await house.kill();
  await mia.says("lost");
  await house.run();
  await mia.says("ready", "stopped");
  await says(mia, "after the cut");
  const known = await lines(mia);
  const late = await visit("viewer", "Late");
  await until("all of it", async () => (await lines(late)).at(-1) === "Mia after the cut");
  const told = (await lines(late)).slice(-3);
  assert.deepEqual([told[0], told[2]], ["Mia before the cut", "Mia after the cut"]);
  assert.match(told[1], /^Messages may be missing here: the program was cut off/);
  assert.equal(await late.page.locator("#chat-lines li.gap").count(), 1);
  assert.deepEqual(await lines(late), known, "whoever stayed reads the same");
  await late.page.locator("#chat-toggle").tap();
  await shoot(late, "gap");
});

/** Goal: an operator finds what happened by words, kind and page; nobody else finds the search. */
test("operators search the log, and nobody else", async () => {
  const voice = await house.listener("operator", "Voice");
  for (let n = 1; n <= 30; n += 1) {
    await voice.ask("chat", [`line ${n}`, "Voice"]);
    // As fast as anybody may talk.
    await pause(60);
  }
  const operator = await visit("operator", "Teacher");
  await opens(operator);
  await until("fifty entries", async () => (await entries(operator).count()) === 50);
  assert.match(await entries(operator).last().textContent(), /Teacher/, "the newest last: that the operator came");
  const end = () => operator.page.locator("#log-rows").evaluate((rows) => rows.scrollHeight - rows.scrollTop - rows.clientHeight);
  assert.ok((await end()) < 2, "the newest can be read");
  assert.deepEqual(await operator.faults(), []);
  await shoot(operator, "log");
  await operator.page.locator("#log-rows").evaluate((rows) => (rows.scrollTop = 0));
  const read = await entries(operator).first().textContent();
  await operator.page.locator("#log-older").tap();
  await until("the page before", async () => (await entries(operator).count()) > 50);
  const at = await entries(operator).filter({ hasText: read }).first().boundingBox();
  const window = await operator.page.locator("#log-rows").boundingBox();
  assert.ok(at.y >= window.y - 1 && at.y < window.y + window.height, "what was read moved away");
  const ids = await entries(operator).evaluateAll((rows) => rows.map((row) => Number(row.dataset.id)));
  assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b), "each once, in order");

  await operator.page.locator("#log-text").fill("LINE 17");
  await until("what was said, and the robot's answer", async () => (await entries(operator).count()) === 2);
  assert.match(await entries(operator).first().textContent(), /Chat.*Voice.*line 17/s);
  await operator.page.locator("#log-text").fill("nobody said this");
  await reads(operator, "#log-note", /Nothing in the log fits/);
  await operator.page.locator("#log-text").fill("");
  await operator.page.locator("#log-kind").selectOption({ label: "Gaps" });
  await until("only gaps", async () => (await entries(operator).evaluateAll((rows) => rows.every(({ dataset }) => dataset.event === "gap"))));
  await reads(operator, "#log-entries", /Entries may be missing here/);
  await shoot(operator, "log-gap");

  const guests = [await visit("driver", "Mia"), await visit("viewer", "Late")];
  for (const guest of guests) {
    await guest.page.locator("#settings-toggle").tap();
    await guest.page.locator("#settings").waitFor();
    assert.equal(await guest.page.locator("#journal-open").isVisible(), false);
    assert.equal(await guest.page.locator("#record").count(), 0);
  }
  const viewer = await house.listener("viewer", "Curious");
  assert.deepEqual([(await viewer.ask("log", {})).ok, (await viewer.ask("recordings", { do: "list" })).ok], [false, false]);
  for (const one of [voice, viewer]) one.close();
  assert.deepEqual(operator.complaints, []);
});

/** Goal: why it stopped is told where one looks: in the bar, in the chain, in the details and in the log, with the number. */
test("a stop tells its hop and its number", async () => {
  const driver = await visit("operator", "Teacher");
  const watcher = await visit("viewer", "Late", { screen: screens.desk, dark: false, locale: "de-DE" });
  await driver.push(0, -0.4);
  await driver.turns();
  // The page hangs with the thumb on the stick. Whoever watches sees what the driver cannot.
  const hung = driver.page.evaluate(() => {
    for (const end = performance.now() + 4000; performance.now() < end; );
  });
  await watcher.says("stopped");
  await reads(watcher, "#detail-number", /^seit \d+ ms kein Fahrbefehl \(höchstens \d+ ms\)$/, 3500);
  assert.equal(await watcher.page.locator("#chain").getAttribute("data-cause"), "network");
  assert.match(await watcher.page.locator("#chain").getAttribute("aria-label"), /zwischen dem Gerät, das fährt/);
  assert.equal(await watcher.page.locator("#detail [data-place=phone]").textContent(), "Fahrer");
  await shoot(watcher, "stop");
  await hung;
  await driver.lift();
  // What was on its way while the page hung may be too old, and so a stop of its own.
  await reads(driver, "#last-stop", /^(no sample for|the newest sample was) \d.* \(at most \d+ ms\) · /);
  await driver.page.locator("#details-open").click();
  await reads(driver, "#stop-why", /between driver and program.*sample.*\(at most \d+ ms\).*Newest sample\d+ ms/s);
  await reads(driver, "#cable", /Commands sent\d+/);
  await shoot(driver, "details");
  await driver.page.keyboard.press("Escape");
  await opens(driver);
  await driver.page.locator("#log-kind").selectOption({ label: "Stops" });
  const stop = entries(driver).filter({ hasText: "no sample for" }).last();
  await until("the stop in the log", async () => (await stop.count()) === 1);
  assert.match(await stop.textContent(), /Stop.*Teacher.*between driver and program · no sample for \d+ ms/s);
  await shoot(driver, "log-stop");
});

/** Goal: one tap records, everybody sees that, and the file is one. */
test("an operator records a drive, and downloads it", async () => {
  const operator = await visit("operator", "Teacher");
  const watcher = await visit("viewer", "Late");
  const recorded = (visitor) => visitor.page.locator(".recorded").isVisible();
  assert.equal(await recorded(watcher), false);
  await opens(operator, "recordings");
  await reads(operator, "#recordings-note", /No recording yet/);
  await reads(operator, "#record", /Record this drive/);
  assert.deepEqual(await operator.faults(), []);
  const before = await watcher.page.evaluate(() => window.seen.shifts.length);
  await operator.page.locator("#record").tap();
  await until("the mark", () => recorded(watcher));
  await reads(watcher, "#recording", /This drive is being recorded/);
  assert.equal(await watcher.page.evaluate(() => window.seen.shifts.length), before, "something moved");
  await reads(operator, "#record", /End the recording/);
  await reads(operator, "#recordings-list", /being recorded/);
  await shoot(watcher, "recorded");
  await operator.page.locator("#journal-close").tap();
  await operator.push(0, -0.4);
  await operator.turns();
  await pause(1000);
  await operator.lift();
  await opens(operator, "recordings");
  await operator.page.locator("#record").tap();
  await until("the end", async () => !(await recorded(watcher)));
  const link = operator.page.locator("#recordings-list a");
  await link.waitFor();
  assert.match(await operator.page.locator("#recordings-list li").textContent(), /Today.*0:\d\d · \d/s);
  assert.deepEqual(await operator.faults(), []);
  await shoot(operator, "recordings");
  const coming = operator.page.waitForEvent("download");
  await link.click();
  const download = await coming;
  assert.match(download.suggestedFilename(), /\.mcap$/);
  const bytes = readFileSync(await download.path());
  assert.deepEqual([bytes.subarray(0, 8).toString("latin1"), bytes.subarray(-8).toString("latin1")], Array(2).fill("\x89MCAP0\r\n"));
  assert.deepEqual([operator.complaints, watcher.complaints], [[], []]);
});
