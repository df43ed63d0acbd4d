// Starts the program under test and a phone's browser to look at it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before } from "node:test";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { chromium, devices } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));
export const program = process.env.JOYWIRE_BIN ?? join(root, "target/debug/joywire");
const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const STARTED_MS = 20_000;

/** Where the screenshots go. */
export const screenshots = join(root, "target/screenshots");

/** Sizes of the screens that the page is made for. */
export const screens = {
  small: { width: 360, height: 640 },
  portrait: { width: 412, height: 915 },
  landscape: { width: 915, height: 412 },
  smallLandscape: { width: 640, height: 360 },
  desk: { width: 1280, height: 800 },
};

/** Waits until `look` yields something true and returns it. */
export async function until(what, look, ms = 5000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await pause(10);
  }
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Runs a program on a terminal of its own, whose screen and keyboard are our pipes. */
const ON_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/** The program: relay, agent and simulated robot in one process, with a directory of its own. */
export class Robot {
  #home = mkdtempSync(join(tmpdir(), "joywire-browser-"));
  #child = null;
  #args = [];
  #command = "run";
  #terminal = false;
  port = 0;
  url = "";
  /** Everything on its screen and in its log since it was started. */
  said = "";

  /**
   * `args` follow `joywire run`, or another `command`; `terminal` gives it a real one, with somebody before it.
   * @param {string} config TOML
   * @param {{args?: string[], command?: string, terminal?: boolean}} [options]
   */
  static async start(config = "", { args = [], command = "run", terminal = false } = {}) {
    const robot = new this();
    robot.#args = args;
    robot.#command = command;
    robot.#terminal = terminal;
    robot.port = await freePort();
    writeFileSync(join(robot.#home, "joywire.toml"), config);
    await robot.run();
    return robot;
  }

  get #environment() {
    return { ...process.env, XDG_DATA_HOME: this.#home };
  }

  get #config() {
    return join(this.#home, "joywire.toml");
  }

  /** Its configuration as it is now. */
  file() {
    return readFileSync(this.#config, "utf8");
  }

  /** Starts it, or starts it again on the same port with the same data. */
  async run() {
    assert.ok(existsSync(program), `${program} is not there: cargo build, or set JOYWIRE_BIN`);
    this.said = "";
    const line = [program, this.#command, "--port", String(this.port), "--config", this.#config, ...this.#args];
    const [first, ...rest] = this.#terminal ? ["python3", "-c", ON_A_TERMINAL, ...line] : line;
    this.#child = spawn(first, rest, { env: this.#environment, stdio: [this.#terminal ? "pipe" : "ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => (this.said += text));
    }
    const found = await until(
      "the program's URL",
      () => {
        if (this.#child.exitCode !== null) throw new Error(`the program ended:\n${this.said}`);
        return /https:\/\/localhost:\d+/.exec(this.said);
      },
      STARTED_MS,
    );
    this.url = found[0];
  }

  /** Types a line into its terminal. */
  types(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Waits for words on its screen. @param {RegExp} words */
  shows(words) {
    return until(`${words} on the screen:\n${this.said}`, () => words.exec(this.said));
  }

  /** Another command of the same user while this runs: a process, its output in pipes. */
  begin(...args) {
    const line = [...args, "--port", String(this.port), "--config", this.#config];
    return spawn(program, line, { env: this.#environment, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** The same to its end; returns what it said. */
  async command(...args) {
    const child = this.begin(...args);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
    const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
    assert.equal(code, 0, `joywire ${args.join(" ")}: ${said}`);
    return said;
  }

  /** Ends it without a word, as a power cut does. */
  async kill() {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  async stop() {
    await this.kill();
    // What ran on a terminal ends a moment after it.
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** One browser for a file of tests. */
export function launch(...more) {
  return chromium.launch({
    executablePath: chromiumPath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-quic",
      ...more,
    ],
  });
}

/** What a file of tests plays on: one browser, one robot, and the pages that are to be closed after each test. */
export function stage() {
  const set = { browser: null, robot: null, /** @type {Visitor[]} */ visitors: [] };
  before(async () => {
    mkdirSync(screenshots, { recursive: true });
    set.browser = await launch();
    set.robot = await Robot.start();
  });
  after(async () => {
    await set.browser?.close();
    await set.robot?.stop();
  });
  afterEach(async () => {
    for (const visitor of set.visitors.splice(0)) await visitor.close();
  });
  return set;
}

/** One person's page, with what a test wants to know and do. */
export class Visitor {
  /** Whatever the console or the policy complained about. */
  complaints = [];
  /** Bytes of every answer as they crossed the wire, by address. */
  weights = new Map();

  /**
   * `prepare` gets the page before it is loaded, `path` follows the robot's address, `at` replaces it, `kept` is what
   * the browser remembers of earlier choices, `cookies` of earlier visits; `context` is a browser that is open already.
   */
  static async open(browser, robot, options = {}) {
    const { screen = screens.portrait, dark = true, reducedMotion = "no-preference", locale = "en-US" } = options;
    const { contrast = "no-preference", prepare, path = "", at = robot.url + path, kept = {}, cookies = [] } = options;
    const visitor = new Visitor();
    const desk = screen === screens.desk;
    visitor.context =
      options.context ??
      (await browser.newContext({
        ...devices["Pixel 7"],
        viewport: screen,
        screen,
        isMobile: !desk,
        hasTouch: !desk,
        colorScheme: dark ? "dark" : "light",
        reducedMotion,
        contrast,
        locale,
        ignoreHTTPSErrors: true,
      }));
    await visitor.context.addCookies(cookies);
    const page = await visitor.context.newPage();
    visitor.page = page;
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) visitor.complaints.push(message.text());
    });
    page.on("pageerror", (error) => visitor.complaints.push(String(error)));
    page.on("requestfinished", (request) => {
      request.sizes().then((sizes) => visitor.weights.set(request.url(), sizes.responseBodySize), () => {});
    });
    await page.addInitScript((kept) => {
      for (const [key, value] of Object.entries(kept)) localStorage.setItem(`joywire.${key}`, value);
    }, kept);
    await page.addInitScript(() => {
      window.seen = { shifts: [], violations: [] };
      const told = ({ node, previousRect: from, currentRect: to }) =>
        `${node?.id || node?.className || node?.nodeName} from ${from.x},${from.y} to ${to.x},${to.y}`;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.seen.shifts.push(entry.sources.map(told).join("; "));
      }).observe({ type: "layout-shift", buffered: true });
      addEventListener("securitypolicyviolation", (event) => {
        window.seen.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    await prepare?.(page);
    await page.goto(at);
    visitor.cdp = await visitor.context.newCDPSession(page);
    return visitor;
  }

  close() {
    return this.context.close();
  }

  /** What the page says goes on: `ready`, `driving`, `lost`, … */
  state() {
    return this.page.evaluate(() => document.body.dataset.state);
  }

  /** Waits until the page says one of these. */
  async says(...states) {
    let state;
    const said = async () => states.includes((state = await this.state()));
    try {
      return await until(`the page to say ${states.join(" or ")}`, said, 20_000);
    } catch (error) {
      throw new Error(`${error.message}; it says ${state}: ${await this.page.textContent("#detail-text")}`);
    }
  }

  /** Wheel outputs as the robot reports them, permille. */
  async wheels() {
    const said = await this.page.evaluate(() => document.getElementById("wheels").dataset.wheels ?? "");
    return said === "" ? [] : said.split(",").map(Number);
  }

  async turning() {
    return (await this.wheels()).some((wheel) => wheel !== 0);
  }

  /**
   * Waits until the wheels turn as `fits` says. On a machine too busy to drive the robot is rightly
   * stopped until the thumb was lifted; then this lifts it and pushes again, as a person would.
   */
  async turns(fits = (wheels) => wheels.some((wheel) => wheel !== 0), tries = 3) {
    try {
      await until("the wheels to turn", async () => fits(await this.wheels()), 3000);
    } catch (error) {
      if (tries === 1 || !this.again) throw error;
      await this.lift();
      await pause(300);
      await this.again();
      await this.turns(fits, tries - 1);
    }
  }

  /** Waits until the robot stands still on the map: its motors rest at once, its wheels a little later. */
  async settles() {
    await this.rests(3000);
    let last = "";
    await until("the robot to stand still", async () => {
      const now = JSON.stringify(await this.pose());
      const still = now === last;
      last = now;
      await pause(200);
      return still;
    });
  }

  /** Waits until the wheels rest. */
  rests(ms) {
    return until("the wheels to rest", async () => !(await this.turning()), ms);
  }

  /** Fails if a wheel turns within `ms`. */
  async staysAtRest(ms) {
    const end = Date.now() + ms;
    while (Date.now() < end) {
      assert.deepEqual((await this.wheels()).filter((wheel) => wheel !== 0), [], "a wheel turned");
      await pause(20);
    }
  }

  /** @returns {Promise<{x: number, y: number, heading: number} | null>} */
  async pose() {
    const said = await this.page.evaluate(() => document.getElementById("map-canvas").dataset.pose ?? "");
    if (said === "") return null;
    const [x, y, heading] = said.split(",").map(Number);
    return { x, y, heading };
  }

  /** The middle of an element, moved by shares of its size. */
  async point(selector, right = 0, down = 0, id = 0) {
    const { x, y, width, height } = await this.page.locator(selector).boundingBox();
    return { x: x + width * (0.5 + right), y: y + height * (0.5 + down), id };
  }

  /** Real fingers: `touchStart`, `touchMove` and `touchEnd` with the points that are on the glass. */
  touch(type, ...touchPoints) {
    return this.cdp.send("Input.dispatchTouchEvent", { type, touchPoints });
  }

  /** Puts a thumb on the stick and pushes it. */
  async push(right, down) {
    this.again = () => this.push(right, down);
    await this.touch("touchStart", await this.point("#stick"));
    await this.touch("touchMove", await this.point("#stick", right, down));
  }

  /** Puts a finger on a button and leaves it there. */
  async press(selector) {
    this.again = () => this.press(selector);
    await this.touch("touchStart", await this.point(selector));
  }

  lift() {
    return this.touch("touchEnd");
  }

  /** What is wrong with the controls that can be seen: unnamed, too small, cut off, covered. Empty is good. */
  faults() {
    return this.page.evaluate(() => {
      const found = [];
      for (const control of document.querySelectorAll("button, input, a, #stick, .thumb, .tilt")) {
        const { width, height, left, top, right, bottom } = control.getBoundingClientRect();
        if (width === 0 || getComputedStyle(control).visibility === "hidden") continue;
        // A sheet scrolls: what is not in its window now will be.
        const window = control.closest(".rows")?.getBoundingClientRect();
        if (window && (top < window.top || bottom > window.bottom)) continue;
        // What lies under a sheet is not meant to be reached; STOP and everything that drives never does.
        const label = control.getAttribute("aria-labelledby");
        const name =
          control.getAttribute("aria-label") ??
          (label && document.getElementById(label)?.textContent) ??
          control.closest("label")?.textContent?.trim() ??
          (control.textContent?.trim() || control.getAttribute("placeholder"));
        if (!name) found.push(`${control.id} has no name`);
        if (width < 47.9 || height < 47.9) found.push(`${name} is ${width}×${height}`);
        if (left < 0 || top < 0 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5) found.push(`${name} is cut off`);
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        const sheet = hit?.closest(".sheet, .chat, .gate");
        const under = sheet && !sheet.contains(control) && (sheet.matches(".gate") || control.closest(".map, .panels, .seat, .speed"));
        if (!control.contains(hit) && !under) found.push(`${name} is covered by ${hit?.id || hit?.className}`);
      }
      if (document.documentElement.scrollWidth > innerWidth) found.push("the page scrolls sideways");
      return found;
    });
  }

  toasts() {
    return this.page.locator(".toast").allTextContents();
  }
}
