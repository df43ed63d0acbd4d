// Which robot this page is at, which one it asks for, and which others there are; knows no DOM.
import { t } from "./words.js";

/** How a colour is told. */
const COLOUR = /^#[0-9a-f]{6}$/i;

/**
 * Whether somebody told us all robots. Strangers' events of this name are passed over.
 * @param {any} value
 * @returns {value is RobotSummary[]}
 */
export function isRobots(value) {
  return Array.isArray(value) && value.every((robot) => typeof robot?.name === "string" && robot.name !== "");
}

/**
 * A colour that may go into a style; empty if it is none.
 * @param {string | undefined} color
 */
export function colour(color) {
  return color && COLOUR.test(color) ? color : "";
}

/** Names are compared as people read them. @param {string} a @param {string} b */
function same(a, b) {
  const [one, other] = [a, b].map((name) => name.trim().replace(/\s+/g, " ").toLowerCase());
  return one === other;
}

/** The robots behind the relay, and the place of this page among them. */
export class Fleet {
  /** Every robot that is known. @type {RobotSummary[]} */
  robots = [];
  /** The one that this page is at; empty before a greeting, and in the lobby. */
  here = "";
  /** Whether the relay has greeted, and a robot must be chosen or waited for. */
  lobby = false;
  /** What this page may do; null while there is no connection. @type {Role | null} */
  role = null;
  /** Called when any of it changed. */
  onchange = () => {};
  /** Called when this page is at another robot than before, or at one for the first time. */
  onmove = () => {};

  #asked;
  /** The last robot that this page was at. */
  #last = "";

  /** @param {string | null} asked the robot that the address, or else this browser's memory, names */
  constructor(asked) {
    this.#asked = asked?.trim() ?? "";
  }

  /** The robot that this page wants, and no other; empty if it wants none in particular. */
  get asked() {
    return this.#asked;
  }

  /** The robot that is waited for in the lobby; empty if one must be chosen there, null outside. @returns {string | null} */
  get missing() {
    return this.lobby ? this.#asked : null;
  }

  /** Whether the relay knows the robot that this page asked for, and does not let it there: this device is for another. */
  get denied() {
    return this.lobby && this.robots.some(({ name }) => same(name, this.#asked));
  }

  /** Whether there is a choice. */
  get several() {
    return this.robots.length > 1;
  }

  /**
   * The relay has greeted. Whoever is at a robot stays with it: a connection that heals asks for the same one.
   * @param {Welcome} welcome
   * @returns {boolean} whether this page is at a robot now; never at another one than it asked for
   */
  welcomed({ robot, robots, role }) {
    this.role = role;
    this.robots = isRobots(robots) ? robots : [];
    const { name } = robot;
    this.lobby = name === "" || (this.#asked !== "" && !same(name, this.#asked));
    this.here = this.lobby ? "" : name;
    if (!this.lobby) this.#asked = name;
    const moved = !this.lobby && this.#last !== name;
    if (moved) this.#last = name;
    if (moved) this.onmove();
    this.onchange();
    return !this.lobby;
  }

  /** @param {unknown} value from the relay, unasked or as an answer */
  heard(value) {
    if (!isRobots(value)) return;
    this.robots = value;
    this.onchange();
  }

  /** The connection is gone. Who was in the lobby stays there until the relay greets again. */
  lost() {
    this.here = "";
    this.role = null;
    this.onchange();
  }

  /** From the next connection on it is this robot. @param {string} name */
  ask(name) {
    this.#asked = name;
  }
}

/**
 * The line to the one robot that this page is at: in the lobby nothing is said to any.
 * @implements {Line}
 */
export class RobotLine {
  #line;
  #fleet;

  /**
   * @param {Line} line to the relay
   * @param {Fleet} fleet
   */
  constructor(line, fleet) {
    this.#line = line;
    this.#fleet = fleet;
  }

  get ready() {
    return this.#line.ready && this.#fleet.here !== "";
  }

  /**
   * @param {string} name
   * @param {unknown} value
   */
  latest(name, value) {
    return this.ready && this.#line.latest(name, value);
  }

  /**
   * @param {string} name
   * @param {unknown[]} args
   * @returns {Promise<any>}
   */
  request(name, args) {
    if (!this.ready) return Promise.reject(new Error(t("socket.offline")));
    return this.#line.request(name, args);
  }
}
