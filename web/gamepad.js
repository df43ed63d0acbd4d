// A gamepad at the browser as a hand: what its reports mean, and when they count; knows no DOM.
import { pageClock } from "./drive.js";
import { shape, styled } from "./shaping.js";

/** A pad that is held and says nothing new for this long counts as dead: a wireless one repeats its last word, ms. */
const SILENT_MS = 3000;
/** While it drives it must be looked at this often: frames stop when a window is covered, ms. */
const STALL_MS = 250;

/** Places of the buttons in the standard mapping (W3C Gamepad), by the names of the program's own configuration. */
const PLACES = {
  south: 0,
  east: 1,
  west: 2,
  north: 3,
  left_shoulder: 4,
  right_shoulder: 5,
  left_trigger: 6,
  right_trigger: 7,
  select: 8,
  start: 9,
};

/**
 * @typedef {keyof typeof PLACES} Control
 * @typedef {object} Report what a browser tells of a pad
 * @property {number} index
 * @property {string} id
 * @property {string} mapping
 * @property {boolean} connected
 * @property {number} timestamp
 * @property {readonly number[]} axes
 * @property {readonly {pressed: boolean, value: number}[]} buttons
 */

/**
 * What people call a pad: browsers put its numbers before or behind.
 * @param {string} id
 */
export function nameOf(id) {
  const name = id.replace(/\s*\(.*$/, "").replace(/^([0-9a-f]{1,4}-){2}/i, "").trim();
  return name.slice(0, 32) || "Gamepad";
}

/** @param {Report} report */
function pressed({ buttons }) {
  const names = /** @type {Control[]} */ (Object.keys(PLACES));
  return new Set(names.filter((name) => buttons[PLACES[name]]?.pressed));
}

/**
 * Everything that a hand can change, to notice whether it did. Not the timestamp: on Windows and macOS Chromium takes it
 * anew at every look (as its sources say), whatever the pad does.
 * @param {Report} report
 */
function print({ axes, buttons }) {
  return [...axes, ...buttons.map(({ pressed, value }) => `${pressed ? "!" : ""}${value}`)].join();
}

/**
 * One pad drives, by the rules of the robot's own: it must be seen at rest first, after it has said anything at all;
 * what vanishes, falls silent or is not looked at lets go, and must be at rest again before it drives on.
 */
export class PadHand {
  /** Called when the button for STOP goes down. */
  onstop = () => {};
  /** Called when the button for the seat goes down. */
  onseat = () => {};
  /** Called when the two buttons for the reset are down together, and when they are not any more. @type {(down: boolean) => void} */
  onreset = () => {};
  /** Called for every pad once: `known` if its buttons are. @type {(name: string, known: boolean) => void} */
  onmet = () => {};
  /** Called when a held pad fell silent. */
  onsilence = () => {};
  /** Called when another pad is in use, or when it begins or ceases to count. */
  onchange = () => {};
  /** What each stick is for. @type {import("./shaping.js").Style} */
  style = "arcade";

  #hand;
  #clock;
  /** @type {Set<string>} */
  #met = new Set();
  /** The pad in use. @type {{index: number, id: string} | null} */
  #pad = null;
  #print = "";
  #timestamp = 0;
  #spoke = false;
  #changedAt = 0;
  #armed = false;
  #silent = false;
  #held = false;
  #together = false;
  /** @type {Set<Control>} */
  #down = new Set();
  /** @type {(() => void) | null} */
  #cancel = null;

  /**
   * @param {Hand} hand
   * @param {Clock} [clock]
   */
  constructor(hand, clock = pageClock) {
    this.#hand = hand;
    this.#clock = clock;
  }

  /** The pad in use, and whether it was seen at rest; null if there is none. */
  get pad() {
    return this.#pad && { index: this.#pad.index, name: nameOf(this.#pad.id), ready: this.#armed };
  }

  /**
   * Takes note of what the browser tells now.
   * @param {readonly (Report | null)[]} reports
   */
  look(reports) {
    const there = reports.filter((report) => report !== null).filter(({ connected }) => connected);
    for (const { id, mapping } of there) {
      if (this.#met.has(id)) continue;
      this.#met.add(id);
      this.onmet(nameOf(id), mapping === "standard");
    }
    const report = this.#choose(there.filter(({ mapping }) => mapping === "standard"));
    if (!report) return this.lose();
    if (!this.#uses(report)) this.#begin(report);
    return this.#read(report);
  }

  /** The pad is gone, or nobody looks at it: whatever it held counts as let go of at once. */
  lose() {
    if (!this.#pad) return;
    this.#pad = null;
    this.#letGo();
    this.#reset(false);
    this.onchange();
  }

  /** @param {Report} report */
  #uses({ index, id }) {
    return this.#pad?.index === index && this.#pad.id === id;
  }

  /**
   * The pad in use stays so; while it rests, a button of another brings that one.
   * @param {Report[]} reports
   */
  #choose(reports) {
    const current = reports.find((report) => this.#uses(report));
    const busy = (/** @type {Report} */ { buttons }) => buttons.some((button) => button.pressed);
    if (current && !this.#silent && (this.#held || busy(current))) return current;
    return reports.find((report) => report !== current && busy(report)) ?? current ?? reports[0];
  }

  /** @param {Report} report */
  #begin(report) {
    this.lose();
    this.#pad = { index: report.index, id: report.id };
    this.#print = print(report);
    this.#timestamp = report.timestamp;
    // What has said nothing yet reports zeros, and zeros look like a stick at rest.
    this.#spoke = report.timestamp > 0;
    this.#changedAt = this.#clock.now();
    this.#silent = false;
    this.#down = pressed(report);
    this.#together = this.#down.has("select") && this.#down.has("start");
    // A browser shows a pad when its first button goes down. If that is STOP, it must not be lost.
    this.#down.delete("east");
    this.onchange();
  }

  /** @param {Report} report */
  #read(report) {
    const now = this.#clock.now();
    const latest = print(report);
    if (report.timestamp !== this.#timestamp) {
      this.#timestamp = report.timestamp;
      this.#spoke = true;
    }
    if (latest !== this.#print) {
      this.#print = latest;
      this.#changedAt = now;
    }
    const { axes } = report;
    const stick = (/** @type {number} */ first) => shape([axes[first] ?? 0, -(axes[first + 1] ?? 0)]);
    const [left, right] = [stick(0), stick(2)];
    const rests = [...left, ...right].every((axis) => axis === 0);
    this.#press(pressed(report));
    // STOP or the seat may have been pressed; the rest is about motion.
    if (!this.#armed) {
      if (!rests || !this.#spoke || !this.#pad) return;
      this.#armed = true;
      this.#silent = false;
      this.onchange();
    }
    const { x, y, strafe } = styled(this.style, left, right);
    if (x === 0 && y === 0 && strafe === 0) return this.#release();
    if (now - this.#changedAt >= SILENT_MS) {
      this.#silent = true;
      this.#letGo();
      this.onchange();
      return this.onsilence();
    }
    this.#held = true;
    this.#cancel?.();
    this.#cancel = this.#clock.after(() => {
      this.#letGo();
      this.onchange();
    }, STALL_MS);
    return this.#hand.hold(x, y, strafe, this.#pace);
  }

  /** Slow wins over full: whoever presses both is not sure. @returns {Pace} */
  get #pace() {
    if (this.#down.has("left_shoulder")) return "slow";
    return this.#down.has("right_shoulder") ? "full" : null;
  }

  /** @param {Set<Control>} down */
  #press(down) {
    const fresh = (/** @type {Control} */ name) => down.has(name) && !this.#down.has(name);
    const [stop, seat] = [fresh("east"), fresh("north")];
    this.#down = down;
    this.#reset(down.has("select") && down.has("start"));
    if (stop) this.onstop();
    if (seat) this.onseat();
  }

  /** @param {boolean} together */
  #reset(together) {
    if (together === this.#together) return;
    this.#together = together;
    this.onreset(together);
  }

  #release() {
    this.#cancel?.();
    this.#cancel = null;
    if (!this.#held) return;
    this.#held = false;
    this.#hand.release();
  }

  /** Lets go, until it was seen at rest again. */
  #letGo() {
    this.#armed = false;
    this.#release();
  }
}
