// May this page come in? Asks the relay, knocks with a code, waits for the yes of a person; knows no DOM.
import { pageClock } from "./drive.js";
import { keep, recall } from "./memory.js";

/** While a person compares numbers, the relay is asked this often, ms. */
const WAIT_MS = 1000;
/** A page that is not let in looks this often whether it is by now, ms. */
const LOOK_MS = 10_000;
/** An answer takes no longer than this, ms. */
const PATIENCE_MS = 8000;

/**
 * What the page is to show. At `open` it is the page itself, with whatever the socket says.
 * @typedef {{step: "open"}
 *   | {step: "offer", already: boolean, trouble: boolean}
 *   | {step: "asking"}
 *   | {step: "waiting", number: string, trouble: boolean}
 *   | {step: "joining"}
 *   | {step: "refused", code: string, why: string, again: boolean}
 *   | {step: "stranger", removed: boolean}} Door
 */

/**
 * The code in what somebody scanned, pasted or typed: an address that ends in `#CODE`, or the code alone.
 * @param {string} text
 * @returns {string} empty if there is none
 */
export function codeFrom(text) {
  return /(?:^|#)([\w-]{8,64})$/.exec(text.trim())?.[1] ?? "";
}

/**
 * Takes the code out of the address, so that no screenshot, shared link or reload shows it.
 * @param {{hash: string}} location
 * @param {{replaceState: (data: null, title: string, url: string) => void}} history
 */
export function takeCode(location, history) {
  const code = codeFrom(location.hash);
  if (location.hash !== "") history.replaceState(null, "", "./");
  return code;
}

/** A refusal after which the same code may be tried again. */
const PASSING = new Set(["crowded", "rate"]);

/** The door of the relay, as this page finds it. */
export class Pairing {
  /** @type {Door} */
  door = { step: "open" };
  /** Called whenever `door` changed. */
  onchange = () => {};
  /** Called with the page on which this device goes on. @type {(home: string) => void} */
  onhome = () => {};
  /** Called when the socket may try. */
  onopen = () => {};
  /** Called when it must not try any more: the relay would only refuse it again and again. */
  onclose = () => {};

  #fetch;
  #clock;
  #code = "";
  /** Grows whenever something new begins, so that late answers to the old count for nothing. */
  #try = 0;
  #looking = false;
  /** @type {(() => void) | null} */
  #cancel = null;

  /**
   * @param {typeof fetch} [ask]
   * @param {Clock} [clock]
   */
  constructor(ask = (...request) => fetch(...request), clock = pageClock) {
    this.#fetch = ask;
    this.#clock = clock;
  }

  /**
   * Begins, with the code of the address if there was one.
   * @param {string} code
   */
  start(code) {
    if (code) this.offer(code);
    else this.onopen();
  }

  /**
   * Somebody has a code: nothing is sent before they say so.
   * @param {string} code
   */
  offer(code) {
    const mine = this.#begin();
    this.#code = code;
    this.#show({ step: "offer", already: false, trouble: false });
    this.#me().then((found) => {
      if (mine !== this.#try || this.door.step !== "offer" || found !== "in") return;
      this.#show({ ...this.door, already: true });
    });
  }

  /** The same code once more. */
  again() {
    this.offer(this.#code);
  }

  /** This device was let in before, and that will do. */
  skip() {
    this.#begin();
    this.#join();
  }

  /**
   * Asks to be let in.
   * @param {string} name of this device
   */
  async ask(name) {
    const mine = this.#begin();
    this.#show({ step: "asking" });
    const answer = await this.#post("/pair", { code: this.#code, name });
    if (mine !== this.#try) return;
    if (answer?.status === "waiting") {
      this.#show({ step: "waiting", number: answer.number, trouble: false });
      this.#wait(answer.ticket, mine);
    } else if (answer) this.#answered(answer);
    else this.#show({ step: "offer", already: false, trouble: true });
  }

  /** The socket was refused or lost: is it the network, or are we not let in (any more)? */
  async look() {
    const { step } = this.door;
    if (this.#looking || !["open", "joining", "stranger"].includes(step)) return;
    this.#looking = true;
    const mine = this.#try;
    const found = await this.#me();
    if (mine === this.#try) {
      if (found === "out") {
        this.#show({ step: "stranger", removed: recall("paired") === "yes" });
        this.onclose();
      }
      if (found === "in" && step === "stranger") this.#join();
      if (this.door.step === "stranger") {
        this.#cancel?.();
        this.#cancel = this.#clock.after(() => void this.look(), LOOK_MS);
      }
    }
    this.#looking = false;
  }

  /** The relay has greeted: this device is known here from now on. */
  welcomed() {
    keep("paired", "yes");
    this.#begin();
    this.#show({ step: "open" });
  }

  #begin() {
    this.#cancel?.();
    this.#cancel = null;
    this.#try += 1;
    return this.#try;
  }

  #join() {
    this.#show({ step: "joining" });
    this.onopen();
  }

  /** @param {Door} door */
  #show(door) {
    this.door = door;
    this.onchange();
  }

  /** @param {PairAnswer} answer */
  #answered(answer) {
    this.#code = answer.status === "refused" && PASSING.has(answer.code) ? this.#code : "";
    if (answer.status === "admitted" && answer.home) return this.onhome(answer.home);
    if (answer.status === "admitted") this.#join();
    if (answer.status !== "refused") return;
    this.#show({ step: "refused", code: answer.code, why: answer.why, again: this.#code !== "" });
  }

  /**
   * @param {string} ticket
   * @param {number} mine
   */
  #wait(ticket, mine) {
    this.#cancel = this.#clock.after(async () => {
      const answer = await this.#post("/pair/wait", { ticket });
      if (mine !== this.#try || this.door.step !== "waiting") return;
      // Asked too often is no answer to the question.
      const none = !answer || (answer.status === "refused" && answer.code === "rate");
      if (!none && answer.status !== "waiting") return this.#answered(answer);
      if (this.door.trouble !== none) this.#show({ ...this.door, trouble: none });
      return this.#wait(ticket, mine);
    }, WAIT_MS);
  }

  /** @returns {Promise<"in" | "out" | "unknown">} */
  async #me() {
    try {
      const answer = await this.#fetch("/me", this.#options("GET"));
      if (answer.status === 401) return "out";
      return answer.status === 200 && (await answer.json()).status === "admitted" ? "in" : "unknown";
    } catch {
      return "unknown";
    }
  }

  /**
   * @param {string} path
   * @param {PairRequest | PairWait} body
   * @returns {Promise<PairAnswer | null>} nothing if nobody answered, or not in a way that we understand
   */
  async #post(path, body) {
    try {
      const headers = { "content-type": "application/json" };
      const answer = await this.#fetch(path, { ...this.#options("POST"), headers, body: JSON.stringify(body) });
      const said = await answer.json();
      return ["admitted", "waiting", "refused"].includes(said?.status) ? said : null;
    } catch {
      return null;
    }
  }

  /**
   * @param {"GET" | "POST"} method
   * @returns {RequestInit}
   */
  #options(method) {
    return { method, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout?.(PATIENCE_MS) ?? null };
  }
}
