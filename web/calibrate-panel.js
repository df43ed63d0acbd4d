// The sheet of calibration: what to do, one button to hold, and answers to tap. It comes when it is first opened.
import { Walk } from "./calibrate.js";
import { tell } from "./calibrate-words.js";
import * as event from "./events.js";
import { HoldButton } from "./hold-button.js";
import { part, write } from "./hud.js";
import { Sheet } from "./sheet.js";
import { inWords, t } from "./words.js";

/** @typedef {import("./calibrate.js").Answer} Answer */
/** @typedef {import("./calibrate.js").Note} Note */
/** @typedef {import("./calibrate-words.js").Word} Word */
/** @typedef {ReturnType<typeof import("./status.js").judge>} Status */

/** The hand that turns motors, among the sources of drive.js. */
const SOURCE = "calibrate";
/** Where the robot is what it must be to turn anything. */
const TURNING = ["ready", "driving"];

/** What the motors are called, in their order. @type {Record<"two" | "four" | "car", readonly Word[]>} */
const NAMES = {
  two: ["motor.left", "motor.right"],
  four: ["motor.frontLeft", "motor.frontRight", "motor.rearLeft", "motor.rearRight"],
  car: ["motor.driven", "motor.servo"],
};

/** What the button says while nobody holds it. @type {Partial<Record<import("./calibrate.js").Step, Word>>} */
const HOLD = { direction: "hold.motor", steering: "hold.servo", dead_band: "hold.rise", straight: "hold.ahead" };

/**
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {{[name: string]: string}} [attributes]
 * @param {Node[]} inside
 * @returns {HTMLElementTagNameMap[N]}
 */
function made(name, attributes = {}, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

/** A cross, as the other sheets have it. */
function cross() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", "#i-close");
  svg.append(use);
  return svg;
}

/** How it looks, which comes before it is shown. */
function dress() {
  const looks = made("link", { rel: "stylesheet", href: "calibrate.css" });
  return new Promise((done, fail) => {
    looks.addEventListener("load", done);
    looks.addEventListener("error", () => {
      looks.remove();
      fail(new Error("calibrate.css did not come"));
    });
    document.head.append(looks);
  });
}

/** The only one. @type {Promise<CalibratePanel> | null} */
let panel = null;

/**
 * The sheet of calibration, made when it is first wanted.
 * @param {import("./drive.js").Drive} drive
 * @param {Line} line
 */
export async function calibration(drive, line) {
  panel ??= dress().then(() => new CalibratePanel(drive, line));
  try {
    return await panel;
  } catch (error) {
    panel = null;
    throw error;
  }
}

/** What whoever calibrates sees and holds. */
class CalibratePanel {
  #drive;
  #line;
  #title = made("h2", { id: "calibrate-title" });
  #close = made("button", { type: "button", class: "round", id: "calibrate-close" }, cross());
  #words = made("p", { id: "calibrate-words", role: "status" });
  #note = made("p", { id: "calibrate-note", role: "status" });
  #lines = made("ol", { id: "calibrate-lines", tabindex: "0" });
  #answers = made("div", { class: "choices", id: "calibrate-answers" });
  #button = made("button", { type: "button", class: "hold", id: "calibrate-hold" });
  #root = made(
    "section",
    { class: "calibrate", id: "calibrate" },
    made(
      "div",
      { class: "sheet" },
      made("header", {}, this.#title, this.#close),
      made("div", { class: "rows" }, this.#words, this.#note, this.#lines, this.#answers),
    ),
    this.#button,
  );
  #hold = new HoldButton(this.#button);
  /** @type {Walk} */
  #walk;
  /** @type {Sheet} */
  #sheet;
  /** What the page said last. */
  #view = "";
  /** Which answers are drawn, so that none is replaced under a finger for nothing. */
  #drawn = "";

  /**
   * @param {import("./drive.js").Drive} drive
   * @param {Line} line
   */
  constructor(drive, line) {
    this.#drive = drive;
    this.#line = line;
    this.#walk = this.#anew();
    // Before what passes over the sheets.
    document.querySelector("main")?.insertBefore(this.#root, document.getElementById("toasts"));
    this.#sheet = new Sheet("calibrate", "calibrate-open");
    this.#sheet.onchange = (shown) => this.#shown(shown);
    this.#hold.onpress = () => {
      this.#walk.press();
      if (!this.#walk.held) this.#hold.drop();
    };
    this.#hold.onrelease = () => this.#walk.release();
    this.#hold.onloss = (why) => this.#walk.interrupt({ key: why === "finger" ? "ended.finger" : "ended.hand" });
    inWords(() => {
      this.#drawn = "";
      this.#show();
    });
  }

  open() {
    this.#sheet.show(true);
  }

  /**
   * What the page knows of the robot, whenever it is painted.
   * @param {Status} status
   */
  look({ view, hint, detail }) {
    const before = this.#view;
    this.#view = view;
    const role = this.#drive.welcome?.role;
    // Who may no longer calibrate gets all other hands back.
    if (role && role !== "operator" && this.#sheet.shown) this.#sheet.show(false);
    const latched = view === "latched" && before !== view;
    if (latched && this.#sheet.shown && this.#walk.holds) return this.#walk.interrupt({ key: "ended.latched" });
    const stopped = !TURNING.includes(view) && TURNING.includes(before);
    if (!this.#walk.held || (this.#drive.active === SOURCE && !stopped)) return undefined;
    const why = view === "watching" ? hint : detail || t(`state.${view}`);
    this.#walk.interrupt(TURNING.includes(view) ? { key: "ended.other" } : { key: "ended", values: { why: sentence(why) } });
    return undefined;
  }

  /** Another robot: what was found is not its own. */
  forget() {
    this.#sheet.show(false);
    this.#walk = this.#anew();
    this.#show();
  }

  /**
   * Something was refused to this page's hands.
   * @param {string} why
   * @returns {boolean} whether it is said here
   */
  refused(why) {
    if (!this.#sheet.shown) return false;
    this.#walk.interrupt({ key: "why", values: { why: `${sentence(why)}.` } });
    return true;
  }

  /** A walk that has found nothing yet. */
  #anew() {
    const drive = this.#drive;
    const walk = new Walk({
      ask: (request) => this.#line.request(event.CALIBRATE, [request]),
      sit: async () => {
        await drive.take();
        return drive.mine;
      },
      turn: (motors) => drive.turn(SOURCE, motors),
      rest: () => drive.release(SOURCE),
      turns: () => drive.mine && drive.active === SOURCE && this.#view === "driving",
    });
    walk.onchange = () => {
      if (!walk.held) this.#hold.drop();
      this.#show();
    };
    return walk;
  }

  /** @param {boolean} shown */
  #shown(shown) {
    // No other hand drives meanwhile, and what others hold now must be let go first.
    this.#drive.only = shown ? SOURCE : null;
    this.#drive.letGo();
    if (!shown) {
      if (this.#walk.held) this.#walk.interrupt({ key: "ended.hand" });
      // The button that opened it is in a sheet that is closed by now.
      if (this.#root.contains(document.activeElement)) part("settings-toggle").focus();
      return;
    }
    if (this.#walk.over) this.#walk = this.#anew();
    void this.#walk.look();
    this.#drawn = "";
    this.#show();
  }

  /** @param {Answer} answer */
  #answer(answer) {
    if (answer === "discard") this.#walk = this.#anew();
    if (answer === "discard" || answer === "close") this.#sheet.show(false);
    else void this.#walk.answer(answer);
  }

  #show() {
    const walk = this.#walk;
    const { step, file } = walk;
    const name = this.#name;
    this.#root.dataset.step = step;
    this.#root.setAttribute("aria-label", tell("title"));
    this.#close.setAttribute("aria-label", tell("close"));
    this.#lines.setAttribute("aria-label", tell("progress.change"));
    write(this.#title, this.#where(name));
    write(this.#words, tell(this.#text, { name, file }));
    write(this.#note, walk.note ? tell(walk.note.key, walk.note.values) : "");
    const lines = step === "change" ? (walk.lines ?? []) : [];
    this.#lines.hidden = lines.length === 0;
    const drawn = JSON.stringify([step, walk.motor, walk.answers.map(([answer]) => answer), lines]);
    const replaced = drawn !== this.#drawn;
    const focused = this.#root.contains(document.activeElement);
    if (replaced) {
      this.#drawn = drawn;
      this.#lines.replaceChildren(...lines.map(line));
      this.#answers.replaceChildren(...walk.answers.map(([answer]) => this.#choice(answer, file)));
      this.#words.parentElement?.scrollTo(0, 0);
    }
    for (const [answer, open] of walk.answers) {
      const button = this.#answers.querySelector(`[data-answer="${answer}"]`);
      if (button instanceof HTMLButtonElement) button.disabled = !open;
    }
    const label = HOLD[step];
    this.#button.hidden = !label;
    if (label) {
      const rises = step === "dead_band";
      write(this.#button, !walk.held ? tell(label) : rises ? tell("held.rise", { n: walk.output / 10 }) : tell("held"));
    }
    // Whoever uses a keyboard goes on where the answer was.
    if (replaced && focused && !this.#root.contains(document.activeElement)) {
      const next = label ? this.#button : this.#answers.querySelector("button:enabled");
      if (next instanceof HTMLElement) next.focus({ preventScroll: true });
    }
  }

  /** What the motor in question is called. */
  get #name() {
    const { wheels, motors, motor } = this.#walk;
    const names = wheels === "ackermann" ? NAMES.car : motors === 4 ? NAMES.four : NAMES.two;
    const word = names[motor];
    return word ? tell(word) : "";
  }

  /** @param {string} name */
  #where(name) {
    const { step, motor, motors } = this.#walk;
    if (step === "box") return tell("title");
    if (step === "straight" || step === "crooked") return tell("progress.straight");
    if (step === "change" || step === "written") return tell("progress.change");
    return tell("progress", { n: motor + 1, all: motors, name });
  }

  /** @returns {Word} */
  get #text() {
    const { step, lines, note, unused } = this.#walk;
    if (step !== "change") return step;
    if (!lines) return note ? "change.unknown" : "change.asking";
    if (lines.length > 0) return "change";
    return unused ? "change.unused" : "change.none";
  }

  /**
   * @param {Answer} answer
   * @param {string} file
   */
  #choice(answer, file) {
    const button = made("button", { type: "button", "data-answer": answer });
    button.textContent = tell(`answer.${answer}`, { file });
    if (["begin", "next", "write", "close"].includes(answer)) button.className = "primary";
    button.addEventListener("click", () => this.#answer(answer));
    return button;
  }
}

/** A line of the difference, told by its sign and by colour. @param {string} text */
function line(text) {
  const item = made("li", { class: text.startsWith("-") ? "less" : "more" });
  item.textContent = text;
  return item;
}

/** With a capital and without a full stop. @param {string} text */
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, "");
}
