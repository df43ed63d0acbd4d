// All robots: where one is chosen, and from where an operator stops all of them. It comes when there is more than one.
import { Chain } from "./chain.js";
import * as event from "./events.js";
import { part, write } from "./hud.js";
import { RobotRow } from "./robot-row.js";
import { tell } from "./robots-words.js";
import { Sheet } from "./sheet.js";
import { StopAll } from "./stop-all.js";
import { inWords } from "./words.js";

/** What is said of a STOP ALL. @type {Record<import("./stop-all.js").Outcome, import("./robots-words.js").Word | null>} */
const OUTCOMES = {
  none: null,
  waiting: "stop.waiting",
  offline: "stop.offline",
  done: "stop.done",
  owed: "stop.owed",
  reset: "stop.reset",
  refused: "stop.refused",
};

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

/** A drawing of index.html. @param {string} name */
function drawing(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** How it looks, which comes before it is shown. */
function dress() {
  const looks = made("link", { rel: "stylesheet", href: "robots.css" });
  return new Promise((done, fail) => {
    looks.addEventListener("load", done);
    looks.addEventListener("error", () => {
      looks.remove();
      fail(new Error("robots.css did not come"));
    });
    document.head.append(looks);
  });
}

/** The only one. @type {Promise<RobotsPanel> | null} */
let panel = null;

/**
 * The list of robots, made when it is first wanted.
 * @param {import("./fleet.js").Fleet} fleet
 * @param {Line} line to the relay
 */
export async function robotsPanel(fleet, line) {
  panel ??= dress().then(() => new RobotsPanel(fleet, line));
  try {
    return await panel;
  } catch (error) {
    panel = null;
    throw error;
  }
}

/** A sheet over the map; in the lobby all that there is. */
class RobotsPanel {
  /** Called with the robot that was tapped. @type {(name: string) => void} */
  onchoose = () => {};
  /** @type {Sheet} */
  sheet;

  #fleet;
  #line;
  #stopAll;
  #title = made("h2", { id: "robots-title" });
  #close = made("button", { type: "button", class: "round", id: "robots-close" }, drawing("close"));
  #words = made("p", { class: "note", id: "robots-words" });
  #chainRoot = made("div", { class: "chain full", id: "robots-chain" });
  #chain = new Chain([this.#chainRoot]);
  #stopWord = made("span");
  #stopCount = made("small");
  #stop = made("button", { type: "button", class: "stop-all", id: "stop-all" }, drawing("latched"), this.#stopWord, this.#stopCount);
  #note = made("p", { class: "note", id: "robots-note", role: "alert" });
  #list = made("ul", { class: "robots", id: "robots-list" });
  #root = made(
    "section",
    { class: "sheet robots-sheet", id: "robots", "aria-labelledby": "robots-title" },
    made("header", {}, this.#title, this.#close),
    made("div", { class: "stop-all-place" }, this.#stop, this.#note),
    made("div", { class: "rows" }, this.#words, this.#chainRoot, this.#list),
  );
  /** What was said last of a STOP ALL. */
  #said = "";
  /** By name. @type {Map<string, RobotRow>} */
  #rows = new Map();

  /**
   * @param {import("./fleet.js").Fleet} fleet
   * @param {Line} line
   */
  constructor(fleet, line) {
    this.#fleet = fleet;
    this.#line = line;
    this.#stopAll = new StopAll(line);
    this.#stopAll.onchange = () => this.show();
    this.#stopAll.onrobots = (robots) => fleet.heard(robots);
    // Before the sheets that open over it in the lobby.
    document.querySelector("main")?.insertBefore(this.#root, part("settings"));
    this.sheet = new Sheet("robots");
    this.sheet.onchange = () => this.show();
    this.#stop.addEventListener("pointerdown", (press) => {
      if (press.button === 0) this.#press();
    });
    // A click without a pointer comes from a keyboard or a screen reader.
    this.#stop.addEventListener("click", (click) => {
      if (click.detail === 0) this.#press();
    });
    inWords(() => this.show());
  }

  /** Writes what is true now. */
  show() {
    const fleet = this.#fleet;
    this.#stopAll.heard(fleet.robots);
    // Without a choice there is nothing to look at, but what was pressed goes on.
    if (!fleet.several && !fleet.lobby && this.sheet.shown) this.sheet.show(false);
    if (!fleet.lobby && !this.sheet.shown) return;
    this.#say();
    this.#close.setAttribute("aria-label", tell("close"));
    this.#list.setAttribute("aria-label", tell("list"));
    const operator = fleet.role === "operator";
    if (fleet.role && !operator) this.#stopAll.forget();
    this.#stop.hidden = !(operator || this.#stopAll.waiting) || fleet.robots.length === 0;
    write(this.#stopWord, tell("stop"));
    write(this.#stopCount, tell("stop.count", { n: fleet.robots.length }));
    this.#stop.classList.toggle("waiting", this.#stopAll.waiting);
    this.#rank();
    for (const robot of fleet.robots) {
      this.#rows.get(robot.name)?.show(robot, { here: robot.name === fleet.here, operator });
    }
  }

  #press() {
    this.#stopAll.press("STOP ALL pressed", this.#fleet.robots);
  }

  #say() {
    const { missing, robots, denied } = this.#fleet;
    const others = robots.some(({ name, here }) => here && name !== missing);
    const [title, words] = this.#heading(others);
    write(this.#title, title);
    write(this.#words, words);
    this.#chainRoot.hidden = !missing || denied;
    this.#chain.show(missing ? "agent" : null);
    const { outcome, why } = this.#stopAll;
    const key = OUTCOMES[outcome];
    const text = !key ? "" : outcome === "refused" && why ? why : tell(key, { names: this.#stopAll.missing.join(", ") });
    // What was said of a seat since then stays.
    if (text !== this.#said) this.#tell(text, outcome);
    this.#said = text;
  }

  /**
   * What this list is for.
   * @param {boolean} others whether there is a robot besides the one that is waited for
   * @returns {[string, string]}
   */
  #heading(others) {
    const { missing, robots, denied } = this.#fleet;
    if (missing === null) return [tell("title"), ""];
    if (denied) return [tell("denied", { name: missing }), tell("denied.words")];
    if (missing) return [tell("missing", { name: missing }), tell(others ? "missing.words" : "missing.alone")];
    return robots.length > 0 ? [tell("choose"), tell("choose.words")] : [tell("none"), tell("none.words")];
  }

  /**
   * @param {string} text
   * @param {string} outcome
   */
  #tell(text, outcome) {
    this.#note.dataset.outcome = outcome;
    write(this.#note, text);
  }

  /** A row for each robot, in the relay's order; nothing moves that has its place. */
  #rank() {
    const { robots } = this.#fleet;
    for (const [name, row] of this.#rows) {
      if (robots.some((robot) => robot.name === name)) continue;
      row.root.remove();
      this.#rows.delete(name);
    }
    robots.forEach(({ name }, place) => {
      const row = this.#rows.get(name) ?? new RobotRow((to) => this.#go(to), (robot, driver) => void this.#kick(robot, driver));
      this.#rows.set(name, row);
      if (this.#list.children[place] !== row.root) this.#list.insertBefore(row.root, this.#list.children[place] ?? null);
    });
  }

  /** @param {string} name */
  #go(name) {
    this.sheet.show(false);
    this.onchoose(name);
  }

  /**
   * @param {string} robot
   * @param {Person} driver
   */
  async #kick(robot, driver) {
    try {
      /** @type {RobotsReply} */
      const reply = await this.#line.request(event.ROBOTS, [{ do: "kick", robot }]);
      this.#fleet.heard(reply.robots);
      this.#tell(reply.ok ? tell("kick.done", { name: driver.name, robot }) : (reply.why ?? tell("kick.refused")), reply.ok ? "kicked" : "refused");
    } catch {
      this.#tell(tell("quiet"), "refused");
    }
  }
}
