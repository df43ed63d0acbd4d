// The details: the last stop with its numbers, and the cable to the robot in figures. They come when they are first opened.
import { tell } from "./details-words.js";
import { part, write } from "./hud.js";
import { brief, late } from "./reason.js";
import { inWords, said } from "./words.js";

/** @typedef {import("./details-words.js").Word} Word */

/** @type {[Word, (stop: Reason) => string][]} */
const STOP = [
  ["where", ({ hop }) => where(hop)],
  ["late", late],
  ["age.sample", ({ numbers }) => age(numbers?.sample_ms)],
  ["age.tick", ({ numbers }) => age(numbers?.tick_ms)],
  ["age.silence", ({ numbers }) => age(numbers?.silence_ms)],
  ["age.pause", ({ numbers }) => age(numbers?.pause_ms)],
];

/** @type {[Word, (link: Link) => number][]} */
const CABLE = [
  ["cable.sent", (link) => link.frames_sent],
  ["cable.accepted", ({ robot }) => robot.accepted],
  ["cable.stale", ({ robot }) => robot.stale],
  ["cable.oldSeq", ({ robot }) => robot.old_seq],
  ["cable.foreign", ({ robot }) => robot.foreign_session],
  ["cable.barred", ({ robot }) => robot.barred],
  ["cable.noMessage", ({ robot }) => robot.no_message],
  ["cable.damaged", ({ robot }) => robot.damaged],
  ["cable.badFrames", (link) => link.bad_frames],
  ["cable.refused", (link) => link.refused],
  ["cable.restarts", (link) => link.restarts],
  ["cable.reconnects", (link) => link.reconnects],
];

/** Where causes lie. @type {Record<string, Word>} */
const HOPS = { person: "hop.person", network: "hop.network", agent: "hop.agent", cable: "hop.cable", robot: "hop.robot" };

/**
 * Where a cause lies, in words; empty if nobody knows.
 * @param {string | undefined} hop
 */
export function where(hop) {
  const word = HOPS[hop ?? ""];
  return word ? tell(word) : "";
}

/** @param {number | null | undefined} ms */
function age(ms) {
  return ms === null || ms === undefined ? "" : brief(ms);
}

/**
 * The ages when a stop began, each with its name.
 * @param {Numbers} numbers
 */
export function ages({ sample_ms, tick_ms, silence_ms, pause_ms }) {
  /** @type {[Word, number | null][]} */
  const all = [["age.sample", sample_ms], ["age.tick", tick_ms], ["age.silence", silence_ms], ["age.pause", pause_ms]];
  return all.filter(([, ms]) => age(ms) !== "").map(([name, ms]) => `${tell(name)} ${age(ms)}`);
}

/** The only ones. @type {Details | null} */
let all = null;

/** What the button opens, made when it is first wanted. */
export function details() {
  return (all ??= new Details());
}

/** A list that opens over the page. */
class Details {
  #root = part("details");
  #text = document.createElement("p");
  #stop = new Figures("stop-why", STOP.map(([word]) => word));
  #cable = new Figures("cable", CABLE.map(([word]) => word));

  constructor() {
    const [stop, cable] = [document.createElement("h3"), document.createElement("h3")];
    this.#text.id = "stop-text";
    this.#root.append(stop, this.#text, this.#stop.root, cable, this.#cable.root);
    inWords(() => {
      this.#root.setAttribute("aria-label", tell("title"));
      write(stop, tell("stop"));
      write(cable, tell("cable.title"));
      this.#stop.name();
      this.#cable.name();
    });
  }

  /** @param {Telemetry} telemetry */
  show({ link, last_stop }) {
    if (!this.#root.matches(":popover-open")) return;
    write(this.#text, last_stop ? said(last_stop.code, last_stop.text) : tell("stop.none"));
    this.#stop.show(STOP.map(([, value]) => (last_stop ? value(last_stop) : "")));
    this.#cable.show(CABLE.map(([, value]) => String(value(link))));
  }
}

/** Names and what stands beside them; what there is not has no row. */
class Figures {
  root = document.createElement("dl");
  #words;
  #rows;

  /**
   * @param {string} id
   * @param {Word[]} words
   */
  constructor(id, words) {
    this.root.id = id;
    this.#words = words;
    this.#rows = words.map(() => {
      const [row, name, figure] = [document.createElement("div"), document.createElement("dt"), document.createElement("dd")];
      row.append(name, figure);
      this.root.append(row);
      return { row, name, figure };
    });
  }

  name() {
    this.#rows.forEach(({ name }, place) => write(name, tell(/** @type {Word} */ (this.#words[place]))));
  }

  /** @param {string[]} figures */
  show(figures) {
    this.#rows.forEach(({ row, figure }, place) => {
      row.hidden = !figures[place];
      write(figure, figures[place] ?? "");
    });
  }
}
