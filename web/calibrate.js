// Calibration, question by question: what is held, what it told, and what comes next; knows no DOM.
import { pageClock } from "./drive.js";
import { Findings, HIGHEST } from "./findings.js";

/** What a wheel that is looked at is told, permille. */
const LOOK = 300;
/** Nobody has seen which way a wheel turns sooner than this, ms. */
const ENOUGH_MS = 300;
/** The least output is looked for in steps of so much, permille, each for so long, ms. */
const STEP = 10;
const STAIR_MS = 250;
/** The robot is sent ahead for so long at most, ms. */
const RUN_MS = 1000;
/** And so many times. */
const RUNS = 25;
/** How often the time that something turned is looked at, ms. */
const TICK_MS = 50;

/**
 * @typedef {"box" | "direction" | "steering" | "dead_band" | "straight" | "change"
 *   | "wrong" | "crooked" | "written"} Step the last three are asides of those before
 * @typedef {"forward" | "backward" | "none" | "other" | "left" | "right" | "straight" | "again" | "skip" | "next" | "keep"
 *   | "begin" | "write" | "discard" | "close"} Answer
 * @typedef {{key: import("./calibrate-words.js").Word, values?: import("./words.js").Values}} Note
 */

/**
 * What the walk needs of the page.
 * @typedef {object} Bench
 * @property {(request: CalibrateRequest) => Promise<CalibrateReply>} ask
 * @property {() => Promise<boolean>} sit takes the seat if it is free; whether it is ours
 * @property {(motors: Outputs) => void} turn
 * @property {() => void} rest
 * @property {() => boolean} turns whether what was told reaches the motors
 */

/** All questions, in their order, and what was found so far. */
export class Walk {
  /** Called when anything changed. */
  onchange = () => {};
  /** What the person should know now. @type {Note | null} */
  note = null;
  /** Whether the button is held and counts. */
  held = false;
  /** What the motor is told while its dead band is looked for, permille. */
  output = 0;
  /** The output at which it began to turn, permille. @type {number | null} */
  began = null;
  /** The file, once the robot's computer named it. */
  file = "";
  /** What would change in it. @type {string[] | null} */
  lines = null;
  /** Whether the file says what was found already, but the robot does not drive by it yet. */
  unused = false;

  #bench;
  #clock;
  /** @type {RobotCard["wheels"]} */
  #wheels = "differential";
  /** What was in force when the first question was asked. */
  #before = "";
  /** @type {Findings | null} */
  #findings = null;
  /** @type {{step: Step, motor: number}[]} */
  #steps = [{ step: "box", motor: 0 }];
  #at = 0;
  /** An aside of the step. @type {Step | null} */
  #aside = null;
  /** Whether something was seen that can be told. */
  #seen = false;
  /** Whether an answer of the robot's computer is awaited. */
  #busy = false;
  /** How long something turned in this press, and at the output of now, ms. */
  #turned = 0;
  #stood = 0;
  #lookedAt = 0;
  #runs = 0;
  /** As they were before the robot was sent ahead. @type {number[]} */
  #trims = [];
  #mark = "";
  /** @type {(() => void) | null} */
  #cancel = null;

  /**
   * @param {Bench} bench
   * @param {Clock} [clock]
   */
  constructor(bench, clock = pageClock) {
    this.#bench = bench;
    this.#clock = clock;
  }

  get wheels() {
    return this.#wheels;
  }

  /** @returns {Step} */
  get step() {
    return this.#aside ?? this.#here.step;
  }

  /** The motor in question, from 0. */
  get motor() {
    return this.#here.motor;
  }

  /** How many there are. */
  get motors() {
    return this.#findings?.motors.length ?? 0;
  }

  /** Whether this step has something to hold. */
  get holds() {
    return ["direction", "steering", "dead_band", "straight"].includes(this.step);
  }

  /** Whether there is nothing left to go on with. */
  get over() {
    return this.step === "written" || (this.step === "change" && this.lines?.length === 0 && !this.unused);
  }

  /** The answers there are, and whether each may be given now. @returns {[Answer, boolean][]} */
  get answers() {
    const free = !this.held && !this.#busy;
    const seen = free && this.#seen;
    switch (this.step) {
      case "box":
        return this.#findings || this.#busy ? [["begin", free]] : [["again", true]];
      case "direction":
        return [["forward", seen], ["backward", seen], ["none", seen], ["other", seen]];
      case "steering":
        return [["left", seen], ["right", seen], ["none", seen]];
      case "dead_band":
        return [["keep", free], ["again", seen], ["next", free && this.began !== null]];
      case "straight":
        return [["left", seen], ["straight", seen], ["right", seen], ["again", seen], ["skip", free]];
      case "wrong":
        return [["again", true], ["close", true]];
      case "crooked":
        return [["again", true], ["skip", true]];
      case "change":
        if (!this.lines) return [["again", free], ["discard", free]];
        return this.over ? [["close", true]] : [["write", free], ["discard", free]];
      case "written":
        return [["close", true]];
      default:
        return this.step;
    }
  }

  /** Somebody comes, or comes back: the robot may be on the floor by now, and what was found may count no more. */
  look() {
    this.#aside = this.#at > 0 ? "box" : null;
    this.note = null;
    return this.#show();
  }

  /** Asks what is in force, and begins anew if that has changed. */
  async #show() {
    const reply = await this.#ask({ want: "show" });
    const before = reply && JSON.stringify([reply.wheels, reply.motors]);
    if (reply && before !== this.#before) {
      this.#before = before ?? "";
      this.file = reply.file;
      this.#wheels = reply.wheels;
      this.#findings = new Findings(reply.motors);
      this.#steps = steps(reply.wheels, reply.motors.length);
      this.#go(0);
    }
    this.onchange();
  }

  /** The button goes down. */
  press() {
    const findings = this.#findings;
    if (!findings || !this.holds || this.held || this.#busy) return;
    this.held = true;
    this.note = null;
    this.#seen = false;
    this.#turned = this.#stood = 0;
    this.#lookedAt = this.#clock.now();
    if (this.step === "dead_band") [this.began, this.output] = [null, STEP];
    if (this.step === "straight" && this.#runs === 0) findings.forgetTrim();
    this.#tell(findings);
    this.#plan(findings);
    this.onchange();
  }

  /** The button comes up: what was seen until now counts. */
  release() {
    if (!this.held) return;
    this.#count();
    this.#letGo();
    this.#seen = this.#turned >= ENOUGH_MS;
    if (!this.#seen) this.note = { key: "brief" };
    else if (this.step === "dead_band") {
      this.began = this.output;
      this.note = { key: "began", values: { n: this.output / 10 } };
    } else if (this.step === "straight") this.#runs += 1;
    this.onchange();
  }

  /**
   * It cannot go on being held: nothing was seen.
   * @param {Note} why
   */
  interrupt(why) {
    this.note = why;
    if (this.held) this.#letGo();
    this.onchange();
  }

  /**
   * Says what was seen, or what is wanted. An answer that is not asked for changes nothing.
   * @param {Answer} answer
   */
  async answer(answer) {
    const findings = this.#findings;
    const before = this.#at;
    if (!this.answers.some(([name, open]) => name === answer && open)) return;
    this.note = null;
    if (!findings) return void (await this.#show());
    switch (this.step) {
      case "box":
        this.#busy = true;
        this.onchange();
        if (!(await this.#bench.sit())) this.note ??= { key: "seat" };
        else if (this.#aside) this.#aside = null;
        else this.#go(this.#at + 1);
        this.#busy = false;
        break;
      case "direction":
      case "steering":
        this.#turn(findings, answer);
        break;
      case "dead_band":
        if (answer === "next" && this.began) findings.setDeadBand(this.motor, this.began - STEP);
        if (answer === "again") this.#forget();
        else this.#go(this.#at + 1);
        break;
      case "straight":
      case "crooked":
        this.#straighten(findings, answer);
        break;
      case "wrong":
        this.#aside = null;
        break;
      case "change":
        if (answer === "write") await this.#write(findings);
        break;
      default:
        break;
    }
    const anew = this.#at !== before || answer === "again" || answer === "begin";
    if (this.step === "change" && anew) await this.#preview(findings);
    this.onchange();
  }

  get #here() {
    return /** @type {{step: Step, motor: number}} */ (this.#steps[this.#at]);
  }

  /** @param {number} at */
  #go(at) {
    this.#at = at;
    this.#aside = null;
    this.#forget();
    this.#runs = 0;
    this.#trims = this.#findings?.trims ?? [];
  }

  /** What was seen is told, or looked at again. */
  #forget() {
    this.#seen = false;
    this.began = null;
    this.output = 0;
  }

  /**
   * @param {Findings} findings
   * @param {Answer} answer
   */
  #turn(findings, answer) {
    this.#forget();
    if (answer === "none") this.note = { key: this.step === "steering" ? "none.servo" : "none.motor" };
    else if (answer === "other") this.#aside = "wrong";
    else {
      findings.setInverted(this.motor, answer === "backward" || answer === "right");
      this.#go(this.#at + 1);
    }
  }

  /**
   * @param {Findings} findings
   * @param {Answer} answer
   */
  #straighten(findings, answer) {
    this.#forget();
    if (answer === "left") findings.slow("right");
    if (answer === "right") findings.slow("left");
    if (answer === "skip") findings.setTrims(this.#trims);
    if (answer === "straight" || answer === "skip") return this.#go(this.#at + 1);
    if (this.step === "crooked") {
      this.#aside = null;
      this.#runs = 0;
    } else if (this.#runs >= RUNS) this.#aside = "crooked";
    return undefined;
  }

  /** @param {Findings} findings */
  #tell(findings) {
    const looked = this.step === "dead_band" ? this.output : LOOK;
    this.#bench.turn(this.step === "straight" ? findings.ahead(LOOK) : findings.alone(this.motor, looked));
  }

  /** @param {Findings} findings */
  #plan(findings) {
    // A hand that was refused has let go meanwhile.
    if (this.held) this.#cancel = this.#clock.after(() => this.#tick(findings), TICK_MS);
  }

  /** Time counts only while the motors hear of it. */
  #count() {
    const now = this.#clock.now();
    if (this.#bench.turns()) {
      this.#turned += now - this.#lookedAt;
      this.#stood += now - this.#lookedAt;
    }
    this.#lookedAt = now;
  }

  /** @param {Findings} findings */
  #tick(findings) {
    this.#count();
    if (this.step === "straight" && this.#turned >= RUN_MS) return this.release();
    if (this.step === "dead_band" && this.#stood >= STAIR_MS) return this.#rise(findings);
    return this.#plan(findings);
  }

  /** One step, however late it comes. @param {Findings} findings */
  #rise(findings) {
    this.#stood = 0;
    if (this.output < HIGHEST) {
      this.output += STEP;
      this.#tell(findings);
      this.#plan(findings);
    } else {
      this.#letGo();
      this.#seen = true;
      this.note = { key: "late" };
    }
    this.onchange();
  }

  #letGo() {
    this.held = false;
    this.#cancel?.();
    this.#cancel = null;
    this.#bench.rest();
  }

  /** @param {Findings} findings */
  async #preview({ motors }) {
    this.lines = null;
    const reply = await this.#ask({ want: "preview", motors });
    if (!reply) return;
    ({ file: this.file, lines: this.lines, mark: this.#mark } = reply);
    this.unused = reply.lines.length === 0 && JSON.stringify(reply.motors) !== JSON.stringify(motors);
  }

  /** @param {Findings} findings */
  async #write({ motors }) {
    const reply = await this.#ask({ want: "write", motors, mark: this.#mark });
    if (reply) this.#aside = "written";
    else this.lines = null;
    // A slow disk may be done with it all the same.
    if (this.note?.key === "quiet") this.note = { key: "quiet.write" };
  }

  /**
   * @param {CalibrateRequest} request
   * @returns {Promise<CalibrateReply | null>}
   */
  async #ask(request) {
    this.#busy = true;
    this.onchange();
    try {
      const reply = await this.#bench.ask(request);
      if (reply.ok) return reply;
      this.note = reply.why ? { key: "why", values: { why: reply.why } } : { key: "quiet" };
    } catch {
      this.note = { key: "quiet" };
    } finally {
      this.#busy = false;
    }
    return null;
  }
}

/**
 * The questions for a robot, in the order of the terminal.
 * @param {RobotCard["wheels"]} wheels
 * @param {number} motors
 * @returns {{step: Step, motor: number}[]}
 */
function steps(wheels, motors) {
  const car = wheels === "ackermann";
  /** @type {{step: Step, motor: number}[]} */
  const all = [{ step: "box", motor: 0 }];
  for (let motor = 0; motor < motors; motor += 1) {
    if (car && motor === 1) all.push({ step: "steering", motor });
    else all.push({ step: "direction", motor }, { step: "dead_band", motor });
  }
  if (!car) all.push({ step: "straight", motor: 0 });
  all.push({ step: "change", motor: 0 });
  return all;
}
