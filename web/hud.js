// The panels: state, robot and link, written only when a value changed.
import { colour } from "./fleet.js";
import { brief, shortly } from "./reason.js";
import { t } from "./words.js";

/** Figures that flicker cannot be read: they change no more often than this, ms. */
const FIGURES_MS = 200;

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function part(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no #${id}`);
  return element;
}

/**
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Points an icon at another drawing.
 * @param {Element} icon its `<use>`
 * @param {string} name
 */
export function draw(icon, name) {
  const target = `#i-${name}`;
  if (icon.getAttribute("href") !== target) icon.setAttribute("href", target);
}

/** Everything on the page that only tells. */
export class Hud {
  #figuresAt = -Infinity;
  /** @type {HTMLElement[]} */
  #bars = [];
  #view = "";
  /** Named beside the state where there are several robots. */
  #name = "";
  /** @type {RobotCard["wheels"]} */
  #kind = "differential";
  #parts = {
    icon: part("state-icon"),
    word: part("state-word"),
    hint: part("state-hint"),
    detail: part("detail"),
    detailText: part("detail-text"),
    detailNumber: part("detail-number"),
    detailIcon: part("detail-icon"),
    said: part("said"),
    wheels: part("wheels"),
    battery: part("battery"),
    roundTrip: part("round-trip"),
    age: part("age"),
    silence: part("silence"),
    last: part("last-stop"),
    robot: part("robot-name"),
    speed: part("robot-speed"),
    pad: part("gamepad"),
    padName: part("gamepad-name"),
    latchReason: part("latch-reason"),
    recording: part("recording"),
  };

  /** @param {ReturnType<typeof import("./status.js").judge>} status */
  state({ view, hint, detail, number = "" }) {
    const parts = this.#parts;
    document.body.dataset.state = view;
    draw(parts.icon, view);
    const word = t(`state.${view}`);
    write(parts.word, word);
    write(parts.hint, this.#name ? `${this.#name} · ${hint}` : hint);
    const shown = view === "latched" ? "" : detail;
    parts.detail.classList.toggle("shown", shown !== "");
    if (shown) {
      write(parts.detailText, shown);
      write(parts.detailNumber, number);
      draw(parts.detailIcon, view);
    }
    if (view === "latched") write(parts.latchReason, detail || t("latch.pressed"));
    if (view !== this.#view) {
      this.#view = view;
      write(parts.said, `${word}. ${detail || hint}`);
    }
  }

  /** In the lobby there is no robot. */
  nobody() {
    this.#name = "";
    this.#dye("");
    document.title = "Joywire";
  }

  /** @param {string} color whose page this is, seen from afar */
  #dye(color) {
    const page = document.body;
    page.classList.toggle("dyed", color !== "");
    page.style.setProperty("--hue", color || "transparent");
  }

  /**
   * @param {RobotCard} robot
   * @param {boolean} several whether there are others to take it for
   */
  robot(robot, several) {
    this.#name = several ? robot.name : "";
    this.#dye(colour(robot.color));
    write(this.#parts.robot, robot.simulated ? `${robot.name} · ${t("robot.simulated")}` : robot.name);
    document.title = `${robot.name} – Joywire`;
    this.#kind = robot.wheels ?? "differential";
    // Another robot or another language: what the wheels are called is written anew.
    delete this.#parts.wheels.dataset.wheels;
  }

  /** The browser's gamepad that is in use. @param {{name: string, ready: boolean} | null} pad */
  gamepad(pad) {
    this.#parts.pad.hidden = pad === null;
    if (pad) write(this.#parts.padName, pad.ready ? pad.name : t("gamepad.centre", { name: pad.name }));
  }

  /** Everybody knows when a drive is recorded. @param {boolean} runs */
  recording(runs) {
    if (document.body.hasAttribute("data-recording") === runs) return;
    document.body.toggleAttribute("data-recording", runs);
    write(this.#parts.recording, runs ? t("hud.recording") : "");
  }

  /** @param {Telemetry} telemetry */
  telemetry(telemetry) {
    this.#wheels(telemetry.wheels);
    this.recording(telemetry.recording === true);
    const now = performance.now();
    if (now - this.#figuresAt < FIGURES_MS) return;
    this.#figuresAt = now;
    const { battery, age, silence, last, speed } = this.#parts;
    speed.hidden = !telemetry.speed;
    if (telemetry.speed) {
      write(speed, `${Math.hypot(telemetry.speed.linear_mps, telemetry.speed.lateral_mps).toFixed(2)} m/s`);
    }
    figure(battery, telemetry.battery_mv === null ? null : `${(telemetry.battery_mv / 1000).toFixed(1)} V`);
    figure(age, telemetry.age_ms === null ? null : brief(telemetry.age_ms));
    age.dataset.level = level(telemetry.age_ms, 100, 180);
    figure(silence, telemetry.state === "no_robot" ? null : brief(telemetry.link.silence_ms));
    silence.dataset.level = level(telemetry.link.silence_ms, 150, 500);
    const stop = telemetry.last_stop;
    write(last, stop ? shortly(stop) : t("last.none"));
    last.dataset.code = telemetry.last_stop?.code ?? "";
  }

  /** @param {number | null} ms */
  roundTrip(ms) {
    const { roundTrip } = this.#parts;
    figure(roundTrip, ms === null ? null : brief(ms));
    roundTrip.dataset.level = level(ms, 80, 200);
  }

  /** The figures of a lost robot are not the robot's any more. */
  blank() {
    const { battery, age, silence } = this.#parts;
    for (const element of [battery, age, silence]) {
      figure(element, null);
      element.dataset.level = "";
    }
    this.#parts.speed.hidden = true;
    this.recording(false);
    this.roundTrip(null);
    this.#wheels([]);
    this.#figuresAt = -Infinity;
  }

  /** @param {number[]} wheels permille; none if nobody knows */
  #wheels(wheels) {
    const root = this.#parts.wheels;
    const kind = this.#kind === "ackermann" && wheels.length === 2 ? "steering" : wheels.length === 4 ? "four" : "sides";
    if (wheels.length > 0 && (wheels.length !== this.#bars.length || root.dataset.kind !== kind)) {
      this.#bars = wheels.map(() => document.createElement("i"));
      root.replaceChildren(...this.#bars);
      root.dataset.kind = kind;
      root.dataset.wheels = "";
    }
    const said = wheels.join(",");
    if (root.dataset.wheels === said) return;
    root.dataset.wheels = said;
    const [a = "", b = "", c = "", d = ""] = wheels.map((wheel) => `${Math.round(wheel / 10)} %`);
    const keys = /** @type {const} */ ({ sides: "wheels.sides", four: "wheels.four", steering: "wheels.steering" });
    root.setAttribute("aria-label", wheels.length === 0 ? t("wheels.unknown") : t(keys[kind], { a, b, c, d }));
    for (const [index, bar] of this.#bars.entries()) {
      bar.style.setProperty("--turn", String((wheels[index] ?? 0) / 1000));
    }
  }
}

/**
 * @param {HTMLElement} element
 * @param {string | null} value
 */
function figure(element, value) {
  write(element, value ?? "–");
  element.classList.toggle("none", value === null);
}

/**
 * @param {number | null} value
 * @param {number} fair
 * @param {number} poor
 */
function level(value, fair, poor) {
  if (value === null) return "";
  return value >= poor ? "poor" : value >= fair ? "fair" : "good";
}
