// STOP, said until it is confirmed, and the reset that has to be held; knows no DOM.
import * as event from "./events.js";
import { pageClock } from "./drive.js";
import { t } from "./words.js";

/** STOP is repeated this often until it is confirmed, ms. */
const REPEAT_MS = 200;
/** Added to the time that a reset is held, so that a slow clock does not spoil it, ms. */
const MARGIN_MS = 50;

/** One press of STOP, until the robot's side has confirmed that it is latched. */
export class Stop {
  /** Called with whether a STOP waits for its confirmation. @type {(waiting: boolean) => void} */
  onchange = () => {};
  /** Called with a sentence when the latch is not certain. @type {(why: string) => void} */
  ondoubt = () => {};
  /** Whether a STOP waits for its confirmation. */
  waiting = false;
  #line;
  #clock;
  #press = 0;

  /**
   * @param {Line} line
   * @param {Clock} [clock]
   */
  constructor(line, clock = pageClock) {
    this.#line = line;
    this.#clock = clock;
  }

  /**
   * Says STOP every 200 ms, through lost connections too: unlike motion it is never too late for it.
   * @param {string} reason
   */
  press(reason) {
    this.#press += 1;
    this.waiting = true;
    this.onchange(true);
    this.#say(reason, this.#press);
  }

  /** This page goes to another robot: that one is not to be stopped by a press that was meant for this one. */
  forget() {
    if (!this.waiting) return;
    this.waiting = false;
    this.onchange(false);
  }

  /**
   * @param {string} reason
   * @param {number} press
   */
  #say(reason, press) {
    if (!this.waiting || press !== this.#press) return;
    this.#clock.after(() => this.#say(reason, press), REPEAT_MS);
    if (!this.#line.ready) {
      this.ondoubt(t("stop.offline"));
      return;
    }
    this.#line.request(event.STOP, [{ reason }]).then(
      (/** @type {StopReply} */ reply) => {
        if (!reply.ok) return this.ondoubt(reply.why ?? t("stop.doubt"));
        if (!this.waiting) return undefined;
        this.waiting = false;
        return this.onchange(false);
      },
      () => this.ondoubt(t("stop.again")),
    );
  }
}

/** The guarded reset: held from the first acknowledgement until the relay's time is over. */
export class Reset {
  /**
   * Called with what the button should show: `held` begins the count of `ms`.
   * @type {(phase: "idle" | "asking" | "held" | "done", ms: number) => void}
   */
  onchange = () => {};
  /** @type {(why: string) => void} */
  onrefused = () => {};
  #line;
  #clock;
  /** @type {(() => void) | null} */
  #cancel = null;
  #hold = 0;
  #down = false;

  /**
   * @param {Line} line
   * @param {Clock} [clock]
   */
  constructor(line, clock = pageClock) {
    this.#line = line;
    this.#clock = clock;
  }

  /**
   * The button goes down.
   * @param {number} ms that it must be held
   */
  async press(ms) {
    if (this.#down) return;
    this.#down = true;
    this.#hold += 1;
    const hold = this.#hold;
    this.onchange("asking", 0);
    const first = await this.#ask({});
    if (hold !== this.#hold || !this.#down) return;
    if (!first || first.nonce === undefined) {
      this.release();
      return;
    }
    const { nonce } = first;
    this.onchange("held", ms + MARGIN_MS);
    this.#cancel = this.#clock.after(() => void this.#finish(nonce, hold), ms + MARGIN_MS);
  }

  /** The button comes up, or the finger slides off it. */
  release() {
    if (!this.#down) return;
    this.#down = false;
    this.#cancel?.();
    this.#cancel = null;
    this.onchange("idle", 0);
  }

  /**
   * @param {number} nonce
   * @param {number} hold
   */
  async #finish(nonce, hold) {
    const last = await this.#ask({ nonce });
    if (hold !== this.#hold || !this.#down) return;
    this.#down = false;
    this.onchange(last ? "done" : "idle", 0);
  }

  /**
   * @param {{nonce?: number}} request
   * @returns {Promise<ResetReply | null>}
   */
  async #ask(request) {
    try {
      /** @type {ResetReply} */
      const reply = await this.#line.request(event.RESET, [request]);
      if (reply.ok) return reply;
      this.onrefused(reply.why ?? t("reset.refused"));
    } catch (error) {
      this.onrefused(error instanceof Error ? error.message : String(error));
    }
    return null;
  }
}
