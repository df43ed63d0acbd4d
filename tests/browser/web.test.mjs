// A page that somebody wrote for the original's server: at the desk and on a phone that was let in, unmodified.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, Robot, screens, until, Visitor } from "./harness.mjs";
import { House } from "./house.mjs";

let browser;
let pages;
const open = [];

before(async () => {
  browser = await launch();
  pages = mkdtempSync(join(tmpdir(), "joywire-pages-"));
  cpSync(fileURLToPath(new URL("./pages/", import.meta.url)), pages, { recursive: true });
});
after(async () => {
  await browser?.close();
  rmSync(pages, { recursive: true, force: true });
});
afterEach(async () => {
  for (const what of open.splice(0).reverse()) await (what.close ? what.close() : what.stop());
});

function kept(what) {
  open.push(what);
  return what;
}

const text = (visitor, selector) => visitor.page.locator(selector).textContent();
const reads = (visitor, selector, words) =>
  until(`${words} in ${selector}`, async () => words.test(await text(visitor, selector)), 10_000);

/** Drives, chats and reads, as the page's author meant it. */
async function used(visitor, watcher) {
  await reads(visitor, "#state", /online/);
  for (let tries = 3; ; tries -= 1) {
    // Watched from before: a press turns the wheels for 400 ms only.
    const turned = watcher.turns().then(() => null, (error) => error);
    await visitor.page.getByRole("button", { name: "up" }).click();
    const error = await turned;
    if (!error) {
      await reads(visitor, "#reply", /^up$/);
      break;
    } else {
      // A machine too busy to drive rightly refuses.
      if (tries === 0) throw error;
    }
  }
  await visitor.page.locator("#line").fill("hello robot");
  await visitor.page.getByRole("button", { name: "Send" }).click();
  await reads(visitor, "#lines", /hello robot/);
  await reads(visitor, "#reply", /hello robot/);
  // A browser asks for a favicon, which the students have not drawn.
  assert.deepEqual(visitor.complaints.filter((line) => !/speaks WebSocket only|status of 404/.test(line)), []);
}

/** Goal: whoever has a page for the original points Joywire at its folder, and goes on editing it. */
test("a page written for the original runs at the desk, and a change shows at the next load", async () => {
  const robot = kept(await Robot.start("", { args: ["--web", pages] }));
  await until("where the pages are", () => /own page at https:\/\/localhost:\d+\/joywire\//.test(robot.said));
  const watcher = kept(await Visitor.open(browser, robot, { screen: screens.desk, path: "/joywire/" }));
  await watcher.says("ready");
  const visitor = kept(await Visitor.open(browser, robot, { screen: screens.desk }));
  assert.equal(await text(visitor, "h1"), "My robot");
  assert.equal(await visitor.page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(250, 240, 200)");
  await used(visitor, watcher);
  writeFileSync(join(pages, "style.css"), "body { background: rgb(1, 2, 3); }");
  await visitor.page.reload();
  assert.equal(await visitor.page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(1, 2, 3)");
  assert.deepEqual(watcher.complaints, []);
});

/** Goal: a phone comes in by Joywire's door and goes on at the owner's page; before that it sees nothing of it. */
test("a phone that was let in goes on at the page of the robot's owner", async () => {
  const house = kept(await House.open({ args: ["--confirm", "no", "--web", pages] }));
  const phone = kept(await Visitor.open(browser, house));
  await phone.page.waitForURL(/\/joywire\/$/);
  await until("the door", () => phone.page.locator("#gate").isVisible());
  const code = (await house.invitation("driver")).split("#")[1];
  await phone.page.goto(`${house.url}/p#${code}`);
  await phone.page.locator("#gate-ask").tap();
  await phone.page.waitForURL((url) => url.pathname === "/");
  const watcher = kept(await house.listener("viewer", "Listener"));
  // The door was asked before anybody was let in.
  phone.complaints.length = 0;
  await used(phone, watcher);
  assert.ok(!phone.page.url().includes(code), "the code is nowhere to be seen");
});
