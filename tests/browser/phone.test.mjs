// What a phone makes of the page: being let in, settings, languages, two thumbs, tilt, full screen, home screen.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { disguise, watchPhone } from "./disguise.mjs";
import { screens, screenshots, stage, until, Visitor } from "./harness.mjs";

const CODE = "abcdefghijklmnopqrstuv";

const set = stage();
const { visitors } = set;

async function open(options) {
  const phone = await Visitor.open(set.browser, set.robot, options);
  visitors.push(phone);
  return phone;
}

/** A phone before a free seat. */
async function visit(options) {
  const phone = await open(options);
  await phone.says("ready", "watching", "stopped");
  await until("a free seat", () => phone.page.evaluate(() => document.body.dataset.seat === "free"), 15_000);
  return phone;
}

const shoot = (phone, name) => phone.page.screenshot({ path: join(screenshots, `${name}.png`) });
const html = (phone, name) => phone.page.evaluate((name) => document.documentElement.dataset[name], name);
const setting = async (phone, selector) => {
  if (!(await phone.page.locator("#settings").isVisible())) await phone.page.locator("#settings-toggle").tap();
  await phone.page.locator(selector).tap();
};

/** The relay's answers to the pairing requests, as they can be changed while the page runs. */
async function doorkeeper(page, answers) {
  for (const path of ["/me", "/pair", "/pair/wait"]) {
    await page.route(`**${path}`, (route) => {
      const [status, json] = answers[path];
      answers.asked?.push([path, route.request().postDataJSON()]);
      return route.fulfill({ status, json });
    });
  }
}

const stranger = [401, { status: "refused", code: "stranger", why: "this device is not paired" }];
const waiting = [202, { status: "waiting", role: "driver", ticket: "T1", number: "0417" }];

/** Goal: a device that is not paired asks the relay once, not again and again, and comes in by a pasted address. */
test("an unpaired phone does not hammer, and takes a pasted address", async () => {
  const answers = { "/me": stranger, "/pair": waiting, "/pair/wait": waiting, asked: [] };
  const prepare = async (page) => {
    await disguise(page, { barred: true });
    await doorkeeper(page, answers);
  };
  const phone = await open({ prepare });
  const { page } = phone;
  await until("the gate", async () => /not paired yet/.test(await page.locator("#gate-title").textContent()));
  await pause(1500);
  assert.equal(answers.asked.length, 1, "the relay was asked once, not hammered");
  await page.locator("#gate-code").fill(`${set.robot.url}/p#${CODE}`);
  await page.locator("#gate-ask").tap();
  await until("the number", async () => (await page.locator("#gate-number").textContent()) === "0417");
  assert.equal(answers.asked.find(([path]) => path === "/pair")[1].code, CODE);
});

/** Goal: an operator compares the number, lets in and sends away, removes with a second tap, and invites. */
test("an operator decides who may come in", async () => {
  const now = Math.floor(Date.now() / 1000);
  const access = {
    waiting: [],
    devices: [
      { id: 1, name: "Desk at the lab", role: "operator", paired: now - 9e5, seen: now, here: true },
      { id: 2, name: "Old tablet", role: "viewer", paired: now - 9e5, seen: now - 3 * 86_400, here: false },
    ],
  };
  const phone = await visit({ prepare: (page) => disguise(page, { access }) });
  const { page } = phone;
  const pixel = { id: 3, name: "Pixel 7", role: "driver", number: "0417" };
  const other = { id: 4, name: "Somebody’s phone", role: "viewer", number: "9265" };
  await page.evaluate((next) => window.pushAccess(next), { ...access, waiting: [pixel, other] });
  await until("the toast", async () => (await phone.toasts()).some((text) => /Pixel 7 asks to be let in/.test(text)));
  assert.equal(await page.locator(".toast", { hasText: "Pixel 7" }).locator("button").textContent(), "Look");
  assert.equal(await page.locator("#devices-count").textContent(), "2");
  await shoot(phone, "toast");
  await page.locator(".toast", { hasText: "Pixel 7" }).locator("button").tap();
  assert.match(await page.locator("#waiting").textContent(), /Pixel 7.*0417/s);
  assert.equal(await page.locator(".toast").count(), 0, "the toasts would lie over what they lead to");
  assert.deepEqual(await phone.faults(), []);
  await shoot(phone, "operator");
  await page.getByRole("button", { name: "Let in: Pixel 7" }).tap();
  await until("the device", async () => /Pixel 7/.test(await page.locator("#inside").textContent()));
  await page.getByRole("button", { name: "Send away: Somebody" }).tap();
  await until("an empty list", async () => (await page.locator("#waiting li").count()) === 0);
  await page.getByRole("button", { name: "Remove: Old tablet" }).tap();
  assert.equal((await page.evaluate(() => window.asked)).filter((request) => request.do === "revoke").length, 0);
  await page.getByRole("button", { name: "Really?: Old tablet" }).tap();
  await until("its removal", async () => !/Old tablet/.test(await page.locator("#inside").textContent()));
  await page.evaluate(() => (window.seconds = 3));
  await page.locator("#invite").tap();
  await until("the code", () => page.locator("#invite-qr path").count());
  const first = await page.locator("#invite-url").textContent();
  assert.match(first, /\/p#\w+$/);
  assert.equal(await page.locator("#invite-qr").getAttribute("viewBox"), "0 0 37 37");
  await shoot(phone, "invite");
  await until("a new code", async () => (await page.locator("#invite-url").textContent()) !== first, 8000);
  await page.locator("#devices-close").tap();
  const shown = await page.evaluate(() => window.invitations);
  await pause(4500);
  assert.equal(await page.evaluate(() => window.invitations), shown, "no code is made that nobody sees");
});

/** Goal: choices hold at once and on the next visit, and STOP is never under a sheet. */
for (const [name, screen] of Object.entries({ portrait: screens.portrait, small: screens.small, landscape: screens.landscape, smallLandscape: screens.smallLandscape })) {
  test(`on a ${name} screen the settings leave STOP and the stick free`, async () => {
    for (const locale of ["en-US", "de-DE"]) {
      const phone = await visit({ screen, locale });
      await phone.page.locator("#settings-toggle").tap();
      assert.deepEqual(await phone.faults(), []);
      await shoot(phone, `settings-${name}-${locale.slice(0, 2)}`);
      await phone.page.locator("#settings .rows").evaluate((rows) => (rows.scrollTop = 9999));
      assert.deepEqual(await phone.faults(), []);
      await phone.page.locator("#devices-toggle").tap();
      assert.equal(await phone.page.locator("#settings").isVisible(), false);
      assert.deepEqual(await phone.faults(), []);
      await phone.page.locator("#devices-close").tap();
      for (const steer of ["thumbs", "tilt"]) {
        await phone.page.evaluate((steer) => localStorage.setItem("joywire.steer", steer), steer);
        await phone.page.reload();
        await phone.says("ready");
        assert.deepEqual(await phone.faults(), []);
        await shoot(phone, `${steer}-${name}-${locale.slice(0, 2)}`);
      }
      await phone.close();
    }
  });
}

/** Goal: a thumb on the stick and a finger on the gear: the wheels rest, until the thumb came down anew. */
test("opening the settings while driving lets go", async () => {
  const phone = await visit();
  const thumb = { ...(await phone.point("#stick", 0, -0.4)), id: 1 };
  await phone.push(0, -0.4);
  await phone.turns();
  await phone.lift();
  // Or these turns are taken for those of the second push, which begin when they have ended.
  await phone.rests(1000);
  await phone.touch("touchStart", { ...(await phone.point("#stick")), id: 1 });
  await phone.touch("touchMove", thumb);
  await until("the wheels to turn", () => phone.turning());
  await phone.touch("touchStart", thumb, await phone.point("#settings-toggle", 0, 0, 2));
  await phone.touch("touchEnd", await phone.point("#settings-toggle", 0, 0, 2));
  // A second finger makes no click in every browser, so the sheet is opened as a click does it.
  await phone.page.locator("#settings-toggle").evaluate((button) => button.getAttribute("aria-expanded") === "true" || button.click());
  await phone.rests(1000);
  await phone.touch("touchMove", { ...(await phone.point("#stick", 0.1, -0.4)), id: 1 });
  await phone.staysAtRest(500);
  await phone.lift();
});

/** Goal: the language changes at once, everywhere, and stays. */
test("the page speaks German when the phone does, and English when asked to", async () => {
  const phone = await visit({ locale: "de-DE" });
  const { page } = phone;
  assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
  assert.equal(await page.locator("#state-word").textContent(), "Bereit");
  assert.equal(await page.locator("#stop").getAttribute("aria-label"), "STOP: Roboter anhalten");
  assert.deepEqual((await page.evaluate(() => window.seen)).shifts, []);
  await shoot(phone, "german");
  await setting(phone, '[data-choice="language:en"]');
  await until("English", async () => (await page.locator("#state-word").textContent()) === "Ready");
  assert.equal(await page.locator("#settings h2").textContent(), "Settings");
  assert.match(await page.locator("#robot-name").textContent(), /simulated$/);
  await page.reload();
  await phone.says("ready");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await setting(phone, '[data-choice="language:auto"]');
  await until("German", async () => (await page.locator("#state-word").textContent()) === "Bereit");
});

/** Goal: high contrast follows the system, can be switched, and is there before the first paint. */
test("contrast follows the system and the switch", async () => {
  const plain = await visit();
  assert.equal(await html(plain, "contrast"), "normal");
  await setting(plain, "#contrast");
  assert.equal(await html(plain, "contrast"), "more");
  await plain.page.reload();
  await plain.says("ready");
  assert.equal(await html(plain, "contrast"), "more");
  await shoot(plain, "contrast-dark");
  await plain.close();
  const wishing = await visit({ contrast: "more", dark: false });
  assert.equal(await html(wishing, "contrast"), "more");
  await shoot(wishing, "contrast-light");
  await setting(wishing, "#contrast");
  assert.equal(await html(wishing, "contrast"), "normal");
});

/** Goal: the left hand gets the stick, now and on the next visit. */
test("the stick changes sides for a left hand", async () => {
  const phone = await visit();
  const right = (await phone.point("#stick")).x;
  await setting(phone, "#swap");
  const left = (await phone.point("#stick")).x;
  assert.ok(left < 206 && right > 206, `${left} ${right}`);
  await phone.page.reload();
  await phone.says("ready");
  assert.equal((await phone.point("#stick")).x, left);
  await shoot(phone, "left-hand");
});

/** Goal: two thumbs are one stick: each moves its own direction, each alone rests its own, STOP needs neither. */
test("two thumbs drive a curve, and each lets go for itself", async () => {
  const phone = await visit({ screen: screens.landscape, kept: { steer: "thumbs" } });
  const ahead = async (down) => ({ ...(await phone.point("#ahead", 0, down)), id: 1 });
  const aside = async (right) => ({ ...(await phone.point("#aside", right, 0)), id: 2 });
  phone.again = async () => {
    await phone.touch("touchStart", await ahead(0));
    await phone.touch("touchMove", await ahead(-0.25));
    await phone.touch("touchStart", await ahead(-0.25), await aside(0));
    await phone.touch("touchMove", await ahead(-0.25), await aside(0.2));
  };
  await phone.again();
  await phone.turns(([left, right]) => left > right && right >= 0 && left > 0);
  await shoot(phone, "thumbs-driving");
  await phone.touch("touchEnd", await aside(0.2));
  await until("straight ahead", async () => {
    const [left, right] = await phone.wheels();
    return left > 0 && left === right;
  });
  await phone.touch("touchEnd");
  await phone.rests(1000);
  await phone.again();
  await phone.turns();
  await phone.touch("touchStart", await ahead(-0.25), await aside(0.2), await phone.point("#stop", 0, 0, 3));
  await phone.says("latched");
  await phone.rests(1000);
  await phone.lift();
  await phone.touch("touchStart", await phone.point("#reset"));
  await until("the reset", async () => (await phone.state()) !== "latched", 5000);
  await phone.lift();
});

/** Leans the phone until it is told otherwise, as its sensors would say it. */
const lean = (phone, beta, gamma) =>
  phone.page.evaluate(
    ([beta, gamma]) => {
      clearInterval(window.leaning);
      const say = () => dispatchEvent(new DeviceOrientationEvent("deviceorientation", { alpha: 0, beta, gamma }));
      if (beta !== null) window.leaning = setInterval(say, 30);
    },
    [beta, gamma],
  );

/** Goal: tilt drives only under a thumb, from where it came down, and silence of the sensors is neutral. */
test("tilting drives while the pad is held and the sensors speak", async () => {
  const phone = await visit({ kept: { steer: "tilt" } });
  assert.equal(await phone.page.locator("#stick").isVisible(), false);
  await lean(phone, 40, 0);
  await phone.staysAtRest(300);
  await lean(phone, 20, 0);
  await phone.staysAtRest(300);
  phone.again = async () => {
    await lean(phone, 40, 0);
    await phone.touch("touchStart", await phone.point("#tilt"));
    await pause(200);
    await lean(phone, 22, 0);
  };
  await phone.again();
  await phone.turns(([left, right]) => left > 0 && right > 0);
  await lean(phone, 40, 18);
  await phone.turns(([left, right]) => left > right);
  await shoot(phone, "tilt-driving");
  await phone.lift();
  await phone.rests(1000);
  await phone.staysAtRest(300);
  assert.deepEqual(await phone.toasts(), []);
  await phone.again();
  await phone.turns(([left, right]) => left > 0 && right > 0);
  await lean(phone, null, null);
  await phone.rests(1500);
  await until("a sentence", async () => (await phone.toasts()).some((text) => /fell silent/.test(text)));
  await lean(phone, 22, 0);
  await phone.staysAtRest(400);
  await phone.lift();
});

/** Goal: a phone that asks before it tells its tilt is asked by the tap on Tilt, and its no is explained. */
test("the permission for the sensors is asked by the tap that wants them", async () => {
  const prepare = (page) =>
    page.addInitScript(() => {
      window.answer = "denied";
      window.questions = 0;
      DeviceOrientationEvent.requestPermission = async () => {
        window.questions += 1;
        return window.answer;
      };
    });
  const phone = await visit({ prepare });
  assert.equal(await phone.page.evaluate(() => window.questions), 0);
  await setting(phone, '[data-choice="steer:tilt"]');
  await until("the sentence", async () => /did not allow/.test(await phone.page.locator("#steer-note").textContent()));
  assert.equal(await html(phone, "steer"), "stick");
  await phone.page.evaluate(() => (window.answer = "granted"));
  await setting(phone, '[data-choice="steer:tilt"]');
  await until("tilt", async () => (await html(phone, "steer")) === "tilt");
  assert.equal(await phone.page.evaluate(() => window.questions), 2);
});

/** Goal: the screen stays on while driving; STOP and a lost seat can be felt, and a switch ends that. */
test("the phone stays awake while driving and shakes at STOP", async () => {
  const phone = await visit({ prepare: watchPhone });
  const { page } = phone;
  await phone.push(0, -0.4);
  await phone.turns();
  await until("the lock", () => page.evaluate(() => window.locks === 1));
  await page.locator("#stop").dispatchEvent("pointerdown", { button: 0, pointerId: 9 });
  await phone.says("latched");
  await phone.lift();
  assert.equal(await page.evaluate(() => window.felt.length), 1);
  await setting(phone, "#vibration");
  await page.locator("#settings-close").tap();
  await page.locator("#stop").tap();
  await pause(300);
  assert.equal(await page.evaluate(() => window.felt.length), 1);
  await phone.touch("touchStart", await phone.point("#reset"));
  await until("the reset", async () => (await phone.state()) !== "latched", 5000);
  await phone.lift();
  await page.locator("#seat-button").tap();
  await until("no lock", () => page.evaluate(() => document.body.dataset.seat === "free" && window.locks === 0), 15_000);
});

/** Goal: what the phone cannot do is said in a sentence instead of a dead button. */
test("a phone without wake lock, vibration, full screen and tilt says so", async () => {
  const prepare = (page) =>
    page.addInitScript(() => {
      delete Navigator.prototype.vibrate;
      delete Navigator.prototype.wakeLock;
      delete Element.prototype.requestFullscreen;
      delete window.DeviceOrientationEvent;
    });
  const phone = await visit({ prepare });
  await setting(phone, '[data-choice="steer:tilt"]');
  assert.match(await phone.page.locator("#steer-note").textContent(), /no tilt/);
  for (const id of ["no-vibration", "no-wake", "no-full-screen"]) assert.equal(await phone.page.locator(`#${id}`).isVisible(), true, id);
  for (const id of ["vibration", "full-screen"]) assert.equal(await phone.page.locator(`#${id}`).isVisible(), false, id);
  await phone.page.locator("#settings .rows").evaluate((rows) => (rows.scrollTop = 9999));
  await shoot(phone, "settings-without");
  await phone.page.locator("#settings-close").tap();
  await phone.push(0, -0.4);
  await phone.turns();
  await phone.lift();
});

/** Goal: the controls can have the whole screen, and give it back. */
test("full screen is entered and left", async () => {
  const phone = await visit();
  await setting(phone, "#full-screen");
  await until("full screen", () => phone.page.evaluate(() => document.fullscreenElement !== null));
  await until("the other word", async () => (await phone.page.locator("#full-screen").textContent()) === "Leave full screen");
  await phone.page.locator("#full-screen").tap();
  await until("the window", () => phone.page.evaluate(() => document.fullscreenElement === null));
});

/** Goal: the page installs: a browser understands the manifest, and every icon is a picture. */
test("the manifest and its icons load", async () => {
  const phone = await visit();
  const { errors, data } = await phone.cdp.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  assert.equal(JSON.parse(data).display, "fullscreen");
  const sizes = await phone.page.evaluate(async () => {
    const links = JSON.parse(await (await fetch("manifest.webmanifest")).text()).icons.map(({ src }) => src);
    const load = async (src) => {
      const image = new Image();
      image.src = src;
      await image.decode();
      return image.naturalWidth > 0;
    };
    return Promise.all([...links, "/icon-180.png"].map(load));
  });
  assert.deepEqual(sizes, [true, true, true, true, true]);
  assert.deepEqual((await phone.page.evaluate(() => window.seen)).violations, []);
});
