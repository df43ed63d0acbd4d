// Who may come in, as an operator's page knows and decides it; knows no DOM.
import { pageClock } from "./drive.js";
import * as event from "./events.js";

const SECOND_MS = 1000;

/** @type {Access} */
const NOBODY = { waiting: [], devices: [] };

/**
 * Whether somebody told us who may come in. Strangers' events of this name are passed over.
 * @param {any} value
 * @returns {value is Access}
 */
export function isAccess(value) {
  return Array.isArray(value?.waiting) && Array.isArray(value?.devices);
}

/** The list of devices, the answers to those that wait, and one invitation. */
export class AccessList {
  view = NOBODY;
  /** The invitation that is shown. @type {Invite | null} */
  invite = null;
  /** Called when anything changed, and every second while an invitation is shown. */
  onchange = () => {};
  /** Called with the name of a device that began to wait. @type {(name: string) => void} */
  onwaiting = () => {};
  /** Called with the name of a device that waits no longer. @type {(name: string) => void} */
  onanswered = () => {};
  /** Called with a sentence when a request failed; empty if it only got no answer. @type {(why: string) => void} */
  ontrouble = () => {};

  #line;
  #clock;
  #operator = false;
  #until = 0;
  /** @type {(() => void) | null} */
  #cancel = null;
  /** Grows with every invitation that was asked for or put away. */
  #invitation = 0;

  /**
   * @param {Line} line
   * @param {Clock} [clock]
   */
  constructor(line, clock = pageClock) {
    this.#line = line;
    this.#clock = clock;
  }

  /** Whether this page may decide. */
  get operator() {
    return this.#operator;
  }

  /** Whole seconds for which the invitation holds. */
  get seconds() {
    return Math.max(0, Math.ceil((this.#until - this.#clock.now()) / SECOND_MS));
  }

  /** @param {Role} role of this page */
  welcomed(role) {
    this.#operator = role === "operator";
    if (this.#operator) void this.#ask({ do: "list" }, true);
    else this.lost();
    this.onchange();
  }

  /** The connection is gone: what was known is not known any more. */
  lost() {
    this.view = NOBODY;
    this.putAway();
  }

  /** @param {unknown} value from the relay, unasked */
  heard(value) {
    if (!this.#operator || !isAccess(value)) return;
    const waited = this.view.waiting;
    const before = new Set(waited.map(({ id }) => id));
    this.view = value;
    for (const { name } of waited) {
      if (!value.waiting.some((device) => device.name === name)) this.onanswered(name);
    }
    for (const { id, name } of value.waiting) {
      if (!before.has(id)) this.onwaiting(name);
    }
    this.onchange();
  }

  /**
   * @param {"approve" | "deny" | "revoke"} what
   * @param {number} id
   */
  decide(what, id) {
    return this.#ask({ do: what, id });
  }

  /**
   * Says which robot a device is for.
   * @param {number} id
   * @param {string | null} robot none in particular
   */
  assign(id, robot) {
    return this.#ask({ do: "assign", id, robot });
  }

  /**
   * Shows an invitation, and a new one whenever it has run out.
   * @param {Role} role
   * @param {string | null} [robot] the only one that it is for
   */
  async show(role, robot = null) {
    this.putAway();
    const mine = this.#invitation;
    const reply = await this.#ask({ do: "invite", role, ...(robot === null ? {} : { robot }) });
    if (mine !== this.#invitation || !reply?.ok || !reply.invite) return;
    this.invite = reply.invite;
    this.#until = this.#clock.now() + reply.invite.seconds * SECOND_MS;
    this.#count(role, robot);
  }

  /** Nobody looks at the invitation any more. */
  putAway() {
    this.#cancel?.();
    this.#cancel = null;
    this.#invitation += 1;
    this.invite = null;
    this.onchange();
  }

  /**
   * @param {Role} role
   * @param {string | null} robot
   */
  #count(role, robot) {
    this.onchange();
    this.#cancel = this.#clock.after(() => {
      if (this.seconds > 0) this.#count(role, robot);
      else void this.show(role, robot);
    }, SECOND_MS);
  }

  /**
   * @param {AccessRequest} request
   * @param {boolean} [quiet] if nobody waits for the answer
   * @returns {Promise<AccessReply | null>}
   */
  async #ask(request, quiet = false) {
    try {
      /** @type {AccessReply | undefined} */
      const reply = await this.#line.request(event.ACCESS, [request]);
      this.heard(reply?.access);
      if (reply?.ok) return reply;
      if (!quiet) this.ontrouble(reply?.why ?? "");
    } catch {
      if (!quiet) this.ontrouble("");
    }
    return null;
  }
}
