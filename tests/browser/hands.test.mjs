// Other hands than one thumb: a gamepad at the browser, two thumbs of a tank, keys; and robots with other wheels.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { plugIn, pretend } from "./disguise.mjs";
import { screens, screenshots, stage, until, Visitor } from "./harness.mjs";

const set = stage();
const { visitors } = set;

/** A page before a free seat. */
async function visit(options) {
  const phone = await Visitor.open(set.browser, set.robot, options);
  visitors.push(phone);
  await phone.says("ready", "watching", "stopped");
  await until("a free seat", () => phone.page.evaluate(() => document.body.dataset.seat === "free"), 15_000);
  return phone;
}

const newest = (phone) => phone.page.evaluate(() => window.samples.at(-1));
const shoot = (phone, name) => phone.page.screenshot({ path: join(screenshots, `${name}.png`) });

/** A phone with a gamepad, and what a thumb does on it. */
async function withPad(options = {}) {
  const prepare = async (page) => {
    await plugIn(page, options);
    // A laptop: only its gamepad can shake.
    await page.addInitScript(() => delete Navigator.prototype.vibrate);
  };
  const phone = await visit({ screen: screens.desk, prepare });
  const push = (x, y) => phone.page.evaluate(([x, y]) => window.push(x, y), [x, y]);
  const press = (button, pressed = true) => phone.page.evaluate(([button, pressed]) => window.press(button, pressed), [button, pressed]);
  const ready = (is) => until("the pad's name", async () => (await phone.page.locator("#gamepad-name").textContent()) === (is ? "Test Pad" : "Test Pad: let its sticks go"));
  phone.lift = () => push(0, 0);
  const drive = async (x, y) => {
    phone.again = () => push(x, y);
    await push(x, y);
  };
  return { phone, page: phone.page, push, press, ready, drive };
}

/** Goal: plug in a pad, push its stick: the wheels turn the way it points, at the speed of the shoulders. */
test("a gamepad drives, slower and faster by its shoulders, and rests with its stick", async () => {
  const { phone, page, push, press, ready, drive } = await withPad();
  await ready(true);
  assert.ok((await phone.toasts()).some((text) => /Test Pad.*left stick drives/.test(text)));
  await drive(0, 1);
  await phone.turns(([left, right]) => left === 650 && right === 650);
  await press(5);
  await phone.turns(([left, right]) => left === 1000 && right === 1000);
  await press(5, false);
  await press(4);
  await phone.turns(([left, right]) => left === 350 && right === 350);
  await press(4, false);
  await drive(0.9, 0.3);
  await phone.turns(([left, right]) => left > right);
  await shoot(phone, "gamepad-desk");
  await push(0, 0);
  await phone.rests(1000);
  await press(3);
  await until("a free seat", () => page.evaluate(() => document.body.dataset.seat === "free"));
  await press(3, false);
  await pause(100);
  await press(3);
  await until("the seat", () => page.evaluate(() => document.body.dataset.seat === "mine"));
});

/** Goal: a pad that is torn out under full stick is a robot at rest, and so it stays when the pad is back. */
for (const event of [true, false]) {
  test(`unplugged at full stick ${event ? "with" : "without"} a word of the browser the wheels rest`, async () => {
    const { phone, page, drive } = await withPad();
    await drive(0, 1);
    await phone.turns();
    await page.evaluate((event) => {
      window.gone = window.pad;
      // The word alone is enough, and so is the list alone.
      if (event) dispatchEvent(new Event("gamepaddisconnected"));
      else window.pad = null;
    }, event);
    await phone.rests(1000);
    if (!event) assert.equal(await page.locator("#gamepad").isVisible(), false);
    await page.evaluate(() => {
      window.pad = window.gone;
      dispatchEvent(new Event("gamepadconnected"));
    });
    await phone.staysAtRest(500);
    await drive(0, 0);
    await pause(200);
    await drive(0, 1);
    await phone.turns();
  });
}

/** Goal: an axis that starts at its stop drives nothing. */
test("a pad that starts at full deflection moves nothing until it was at rest", async () => {
  const { phone, ready, drive } = await withPad({ axes: [0, -1, 0, 0] });
  await ready(false);
  await phone.staysAtRest(500);
  await drive(0, 0.9);
  await phone.staysAtRest(300);
  await drive(0, 0);
  await ready(true);
  await drive(0, 1);
  await phone.turns();
});

/** Goal: a pad that died under a thumb does not drive on for ever. */
test("a pad that falls silent at full stick rests the wheels after 3 s", async () => {
  const { phone, page, ready, drive } = await withPad();
  await drive(0, 1);
  await phone.turns();
  await page.evaluate(() => (window.alive = false));
  await pause(1500);
  assert.ok(await phone.turning(), "it stopped too early");
  await phone.rests(3000);
  assert.ok((await phone.toasts()).some((text) => /said nothing/.test(text)));
  await ready(false);
  await phone.staysAtRest(500);
});

/** Goal: a page that nobody sees takes nothing from a pad, and does not look. */
test("a hidden page lets the pad go and looks no more", async () => {
  const { phone, page, drive } = await withPad();
  await drive(0, 1);
  await phone.turns();
  const see = (state) =>
    page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  await see("hidden");
  await phone.rests(1000);
  await pause(200);
  const looks = await page.evaluate(() => window.looks);
  await pause(300);
  assert.ok((await page.evaluate(() => window.looks)) <= looks + 1);
  await see("visible");
  await phone.staysAtRest(500);
});

/** Goal: STOP, its shake and the operator's reset are on the pad; a reset that is let go early is none. */
test("the pad stops, shakes and resets", async () => {
  const { phone, page, press, drive } = await withPad();
  await drive(0, 1);
  await phone.turns();
  await press(1);
  await phone.says("latched");
  await phone.rests(1000);
  await press(1, false);
  assert.equal(await page.evaluate(() => window.rumbles), 1);
  assert.equal(await page.locator("#vibration").isHidden(), true, "the sheet is closed");
  assert.equal(await page.locator("#vibration").getAttribute("hidden"), null);
  await press(8);
  await press(9);
  await pause(1000);
  await press(9, false);
  await pause(1500);
  assert.equal(await phone.state(), "latched");
  await press(9);
  await until("the reset", async () => (await phone.state()) !== "latched", 5000);
  await press(8, false);
  await press(9, false);
  await phone.staysAtRest(400);
  await drive(0, 0);
  await pause(200);
  await drive(0, 1);
  await phone.turns();
});

/** Goal: a pad that the browser does not know drives nothing, and a sentence says so. */
test("a pad with unknown buttons is told of and ignored", async () => {
  const { phone, page, push } = await withPad({ mapping: "" });
  await until("a sentence", async () => (await phone.toasts()).some((text) => /does not know the buttons/.test(text)));
  await push(0, 0);
  await pause(100);
  await push(0, 1);
  await phone.staysAtRest(400);
  assert.equal(await page.locator("#gamepad").isVisible(), false);
});

/** Goal: each thumb has its side of the robot, for either hand, and lifting one rests its side alone. */
for (const hand of ["right", "left"]) {
  test(`two thumbs are a tank for a ${hand} hand`, async () => {
    const phone = await visit({ screen: screens.landscape, kept: { steer: "tank", hand } });
    const left = async (down) => ({ ...(await phone.point("#left-side", 0, down)), id: 1 });
    const right = async (down) => ({ ...(await phone.point("#right-side", 0, down)), id: 2 });
    assert.ok((await left(0)).x < (await right(0)).x, "left is left");
    phone.again = async () => {
      await phone.touch("touchStart", await left(0));
      await phone.touch("touchMove", await left(-0.4));
      await phone.touch("touchStart", await left(-0.4), await right(0));
      await phone.touch("touchMove", await left(-0.4), await right(0.4));
    };
    await phone.again();
    await phone.turns(([l, r]) => l > 400 && r < -400);
    await phone.touch("touchMove", await left(-0.4), await right(-0.4));
    await phone.turns(([l, r]) => l > 400 && l === r);
    await shoot(phone, `tank-driving-${hand}`);
    await phone.touch("touchEnd", await right(-0.4));
    await phone.turns(([l, r]) => l > 400 && r === 0);
    await phone.touch("touchEnd");
    await phone.rests(1000);
  });
}

/** Goal: keys rise as a hand does, Shift is slow, and letting go stops at once. */
test("keys reach full speed over a quarter of a second and stop in no time", async () => {
  const desk = await visit({ screen: screens.desk, prepare: (page) => pretend(page) });
  const { keyboard } = desk.page;
  await keyboard.down("w");
  desk.again = () => keyboard.down("w");
  desk.lift = () => keyboard.up("w");
  await desk.turns(([left, right]) => left === 650 && right === 650);
  await keyboard.down("Shift");
  await until("slow", async () => (await newest(desk)).y === 0.35);
  await keyboard.up("Shift");
  await until("the slider's speed", async () => (await newest(desk)).y === 0.65);
  await keyboard.down("d");
  await desk.turns(([left, right]) => left > right);
  await keyboard.up("d");
  await desk.turns(([left, right]) => left === right && left === 650);
  await desk.page.evaluate(() => (window.samples = []));
  await keyboard.up("w");
  await desk.rests(1000);
  const after = await desk.page.evaluate(() => window.samples.map(({ x, y }) => [x, y]));
  const zero = after.findIndex(([, y]) => y === 0);
  assert.ok(zero >= 0 && after.slice(0, zero).every(([, y]) => y === 0.65), `a soft stop: ${JSON.stringify(after)}`);
  await desk.page.evaluate(() => (window.samples = []));
  await keyboard.down("w");
  await until("full", () => desk.page.evaluate(() => window.samples.some(({ y }) => y === 0.65)));
  await keyboard.up("w");
  const rise = (await desk.page.evaluate(() => window.samples)).filter(({ y }) => y > 0);
  const steps = rise.findIndex(({ y }) => y === 0.65);
  const took = rise[steps].at - rise[0].at;
  assert.ok(rise[0].y < 0.33 && steps >= 2, JSON.stringify(rise.map(({ y }) => y)));
  assert.ok(took > 120, `full after ${took} ms`);
});

/** A robot with a wheel at each corner that goes anywhere. */
const mecanum = {
  robot: { wheels: "mecanum", strafe: true, track_m: null, top_speed_mps: null },
  telemetry: { wheels: [600, -250, -250, 600], speed: { linear_mps: 0.3, lateral_mps: -0.4, angular_radps: 0 } },
};
const prepare = (page) => pretend(page, mecanum);

/** Goal: on a robot that goes sideways the stick moves it and the other thumb turns it. */
for (const steer of ["stick", "thumbs"]) {
  test(`with ${steer} a mecanum robot goes sideways under one thumb and turns under the other`, async () => {
    const phone = await visit({ screen: screens.portrait, prepare, kept: { steer } });
    const [move, turn] = steer === "stick" ? ["#stick", "#turn"] : ["#ahead", "#aside"];
    const first = async (right, down) => ({ ...(await phone.point(move, right, down)), id: 1 });
    const second = async (right) => ({ ...(await phone.point(turn, right, 0)), id: 2 });
    await phone.touch("touchStart", await first(0, 0));
    await phone.touch("touchMove", await first(0.45, 0));
    await until("a push aside", async () => {
      const { x, y, strafe } = (await newest(phone)) ?? {};
      return x === 0 && y === 0 && strafe > 0.4;
    });
    await phone.touch("touchStart", await first(0.45, 0), await second(0));
    await phone.touch("touchMove", await first(0, -0.45), await second(-0.45));
    await until("a turn to the left, ahead", async () => {
      const { x, y, strafe } = await newest(phone);
      return x < -0.4 && y > 0.4 && strafe === 0;
    });
    assert.equal(await phone.page.locator("#robot-speed").textContent(), "0.50 m/s");
    assert.match(await phone.page.locator("#wheels").getAttribute("aria-label"), /front left 60 %, front right -25 %/);
    await shoot(phone, `mecanum-${steer}-driving`);
    await phone.touch("touchEnd");
    await until("neutral", async () => {
      const { x, y, strafe } = await newest(phone);
      return x === 0 && y === 0 && strafe === 0;
    });
  });
}

/** Goal: Q and E go sideways where the robot can, and are just letters where it cannot. */
test("Q and E slide", async () => {
  const desk = await visit({ screen: screens.desk, prepare });
  for (const [key, sign] of [["q", -1], ["e", 1]]) {
    await desk.page.keyboard.down(key);
    await until(`${key} to slide`, async () => ((await newest(desk))?.strafe ?? 0) * sign === 0.65);
    await desk.page.keyboard.up(key);
    await until("neutral", async () => (await newest(desk)).strafe === 0);
  }
  await desk.close();
  const other = await visit({ screen: screens.desk, prepare: (page) => pretend(page) });
  await other.page.keyboard.down("q");
  await pause(500);
  assert.equal(await other.page.evaluate(() => document.body.dataset.seat), "free");
  assert.ok((await other.page.evaluate(() => window.samples)).every(({ x, y, strafe }) => x === 0 && y === 0 && strafe === undefined));
});

/** Goal: the picture of the wheels is that of the robot, in words as well; a speed that nobody knows is not shown. */
for (const [wheels, values, kind, words] of [
  [undefined, [500, -500], "sides", "left 50 %, right -50 %"],
  ["skid", [500, 250], "sides", "left 50 %, right 25 %"],
  ["omni", [1000, 0, -10, 20], "four", "front left 100 %, front right 0 %, rear left -1 %, rear right 2 %"],
  ["ackermann", [700, 500], "steering", "drive 70 %, steering to the left 50 %"],
]) {
  test(`${wheels ?? "wheels of which nothing is said"} are shown as ${kind}`, async () => {
    const robot = wheels ? { wheels, strafe: false, track_m: null, top_speed_mps: null } : {};
    const phone = await Visitor.open(set.browser, set.robot, { prepare: (page) => pretend(page, { robot, telemetry: { wheels: values, speed: null } }) });
    visitors.push(phone);
    const shown = phone.page.locator("#wheels");
    await until("the words", async () => (await shown.getAttribute("aria-label")) === words);
    assert.equal(await shown.getAttribute("data-kind"), kind);
    const needle = await shown.evaluate((root) => getComputedStyle(root.lastElementChild, "::before").transform);
    const [a, b] = needle.match(/-?[\d.]+/g).map(Number);
    if (kind === "steering") assert.ok(a > 0.8 && b < -0.4, `the needle does not point to the left: ${needle}`);
    assert.equal(await phone.page.locator("#robot-speed").isVisible(), false);
    assert.equal(await phone.page.locator("#turn").isVisible(), false);
  });
}

/** Goal: whatever the wheels, the screen and the hand, every control can be hit; and somebody looked. */
const kinds = {
  tank: { kept: { steer: "tank" } },
  gamepad: { prepare: (page) => plugIn(page) },
  mecanum: { prepare },
  "mecanum-thumbs": { prepare, kept: { steer: "thumbs" } },
  ackermann: {
    prepare: (page) => pretend(page, { robot: { wheels: "ackermann", track_m: null }, telemetry: { wheels: [700, 500] } }),
  },
};
for (const [kind, options] of Object.entries(kinds)) {
  for (const [name, screen] of Object.entries(screens)) {
    test(`the ${kind} controls are within reach on a ${name} screen`, async () => {
      for (const hand of ["right", "left"]) {
        const contrast = hand === "left" ? "more" : "no-preference";
        const phone = await Visitor.open(set.browser, set.robot, { ...options, screen, contrast, kept: { ...options.kept, hand } });
        visitors.push(phone);
        await phone.says("ready", "driving");
        await pause(300);
        // What the page says of a new gamepad lies over the map for a while.
        await phone.page.locator(".toast").evaluateAll((toasts) => toasts.forEach((toast) => toast.click()));
        assert.deepEqual(await phone.faults(), [], hand);
        await shoot(phone, `${kind}-${name}-${hand}`);
        const { shifts } = await phone.page.evaluate(() => window.seen);
        if (kind === "tank" && shifts.length > 0) {
          // A busy machine shifts a page while it loads; one that always shifts does so a second time.
          const again = await Visitor.open(set.browser, set.robot, { ...options, screen, contrast, kept: { ...options.kept, hand } });
          visitors.push(again);
          await again.says("ready", "driving");
          await pause(300);
          assert.deepEqual((await again.page.evaluate(() => window.seen)).shifts, []);
          await again.close();
        }
        await phone.close();
      }
    });
  }
}
