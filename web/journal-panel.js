// The sheet of operators: what was said, done and measured, to be searched, and recordings. It comes when it is first opened.
import { tell } from "./journal-words.js";
import { drawn, recorded } from "./journal-entry.js";
import { part, write } from "./hud.js";
import { LogSearch } from "./log.js";
import { Recordings } from "./recordings.js";
import { Sheet } from "./sheet.js";
import { inWords } from "./words.js";

/** @typedef {import("./journal-words.js").Word} Word */
/** @typedef {"log" | "recordings"} Tab */

/** Kinds that are looked for together. Gaps are told with all of them: what is missing may have been of that kind. @type {[Word, string[]][]} */
const KINDS = [
  ["kinds.all", []],
  ["kinds.stops", ["stop", "reset", "fault", "gap"]],
  ["kinds.said", ["chat", "reply", "notices", "topic", "gap"]],
  ["kinds.seat", ["seat", "gap"]],
  ["kinds.buttons", ["direction", "gap"]],
  ["kinds.robot", ["robot", "motors", "recording", "gap"]],
  ["kinds.people", ["access", "connection", "gap"]],
  ["kinds.program", ["program", "gap"]],
  ["kinds.gap", ["gap"]],
];

const ICONS = { close: "m6 6 12 12M18 6 6 18", search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5 20 20" };

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

/** @param {keyof typeof ICONS} name */
function drawing(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** How it looks, which comes before it is shown. */
function dress() {
  const looks = made("link", { rel: "stylesheet", href: "journal.css" });
  return new Promise((done, fail) => {
    looks.addEventListener("load", done);
    looks.addEventListener("error", () => {
      looks.remove();
      fail(new Error("journal.css did not come"));
    });
    document.head.append(looks);
  });
}

/** The only one. @type {Promise<JournalPanel> | null} */
let panel = null;

/**
 * The sheet, made when it is first wanted.
 * @param {import("./fleet.js").Fleet} fleet
 * @param {Line} relay
 * @param {Line} robot
 */
export async function journalPanel(fleet, relay, robot) {
  panel ??= dress().then(() => new JournalPanel(fleet, relay, robot));
  try {
    return await panel;
  } catch (error) {
    panel = null;
    throw error;
  }
}

/** Two lists in one sheet, with what one does to them at its lower edge, where the thumb is. */
class JournalPanel {
  /** @type {Sheet} */
  sheet;
  #fleet;
  #search;
  #recordings;
  /** @type {Tab} */
  #tab = "log";
  #tabs = { log: made("button", { type: "button", id: "journal-log" }), recordings: made("button", { type: "button", id: "journal-recordings" }) };
  #close = made("button", { type: "button", class: "round", id: "journal-close" }, drawing("close"));

  #older = made("button", { type: "button", id: "log-older" });
  #entries = made("ol", { id: "log-entries" });
  #logNote = made("p", { class: "note", id: "log-note", role: "status" });
  #text = made("input", { id: "log-text", type: "text", maxlength: "100", autocomplete: "off", autocapitalize: "none", spellcheck: "false", enterkeyhint: "search" });
  #kind = made("select", { id: "log-kind" });
  #robot = made("select", { id: "log-robot" });
  #again = made("button", { type: "submit", class: "round", id: "log-again" }, drawing("search"));
  #log = made(
    "div",
    { class: "log" },
    made("div", { class: "rows", id: "log-rows", tabindex: "0" }, this.#older, this.#entries, this.#logNote),
    made("form", { id: "log-form", role: "search" }, this.#text, this.#again, this.#kind, this.#robot),
  );

  #list = made("ul", { id: "recordings-list" });
  #note = made("p", { class: "note", id: "recordings-note", role: "status" });
  #recordWord = made("span");
  #record = made("button", { type: "button", id: "record" }, made("i", { "aria-hidden": "true" }), this.#recordWord);
  #drives = made("div", { class: "drives" }, made("div", { class: "rows" }, this.#list, this.#note), this.#record);

  #root = made("section", { class: "sheet journal", id: "journal" }, made("header", {}, made("div", { class: "tabs" }, this.#tabs.log, this.#tabs.recordings), this.#close), this.#log, this.#drives);
  /** What is drawn, so that nothing is replaced under a finger. */
  #drawnLog = "";
  #drawnList = "";
  /** Whether older entries were being asked for when this was last shown: what somebody reads stays where it is. */
  #back = false;

  /**
   * @param {import("./fleet.js").Fleet} fleet
   * @param {Line} relay
   * @param {Line} robot
   */
  constructor(fleet, relay, robot) {
    this.#fleet = fleet;
    this.#search = new LogSearch(relay);
    this.#recordings = new Recordings(robot);
    document.querySelector("main")?.insertBefore(this.#root, part("toasts"));
    this.sheet = new Sheet("journal", "journal-open");
    this.sheet.onchange = (shown) => {
      if (shown) this.#turn(this.#tab);
      // The button that opened it is in a sheet that is closed by now.
      else if (this.#root.contains(document.activeElement)) part("settings-toggle").focus();
    };
    this.#wire();
    inWords(() => {
      this.#drawnLog = this.#drawnList = "";
      this.#label();
      this.show();
    });
  }

  #wire() {
    const search = this.#search;
    search.onchange = () => this.show();
    this.#recordings.onchange = () => this.show();
    for (const tab of /** @type {Tab[]} */ (["log", "recordings"])) this.#tabs[tab].addEventListener("click", () => this.#turn(tab));
    this.#text.addEventListener("input", () => search.type(this.#text.value));
    this.#kind.addEventListener("change", () => void search.look({ events: KINDS[this.#kind.selectedIndex]?.[1] ?? [] }));
    this.#robot.addEventListener("change", () => void search.look({ robot: this.#robot.value || null }));
    this.#older.addEventListener("click", () => void search.back());
    part("log-form").addEventListener("submit", (submit) => {
      submit.preventDefault();
      void search.look({ text: this.#text.value.trim() });
    });
    this.#record.addEventListener("click", () => void this.#recordings.toggle());
  }

  /** @param {Tab} tab */
  #turn(tab) {
    this.#tab = tab;
    this.#drawnLog = this.#drawnList = "";
    if (tab === "log") void this.#search.look();
    else if (this.#fleet.here) void this.#recordings.ask("list");
    this.show();
  }

  /** What the robot says, whenever the page is painted. @param {Telemetry | null} telemetry */
  look(telemetry) {
    if (telemetry && this.#fleet.here && this.sheet.shown && this.#tab === "recordings") this.#recordings.heard(telemetry.recording === true);
  }

  /** There is a connection again: what could not be answered is asked once more. */
  welcomed() {
    if (this.sheet.shown && (this.#search.state === "failed" || this.#recordings.why !== null)) this.#turn(this.#tab);
  }

  /** Another robot. */
  forget() {
    this.#recordings.forget();
    if (this.sheet.shown) this.#turn(this.#tab);
  }

  /** Words that stand there whatever goes on. */
  #label() {
    this.#root.setAttribute("aria-label", tell("title"));
    this.#close.setAttribute("aria-label", tell("close"));
    write(this.#tabs.log, tell("log"));
    write(this.#tabs.recordings, tell("recordings"));
    this.#text.placeholder = tell("search.text");
    this.#text.setAttribute("aria-label", tell("search"));
    this.#again.setAttribute("aria-label", tell("search.again"));
    this.#kind.setAttribute("aria-label", tell("kind"));
    this.#robot.setAttribute("aria-label", tell("robot"));
    this.#entries.setAttribute("aria-label", tell("entries"));
    this.#list.setAttribute("aria-label", tell("record.list"));
    const chosen = Math.max(0, this.#kind.selectedIndex);
    this.#kind.replaceChildren(...KINDS.map(([word], place) => new Option(tell(word), String(place))));
    this.#kind.selectedIndex = chosen;
    delete this.#robot.dataset.names;
  }

  /** Writes what is true now. */
  show() {
    const { role } = this.#fleet;
    // Who may not look any more; without a connection nobody knows.
    if (role && role !== "operator" && this.sheet.shown) this.sheet.show(false);
    if (!this.sheet.shown) return;
    for (const tab of /** @type {Tab[]} */ (["log", "recordings"])) this.#tabs[tab].setAttribute("aria-pressed", String(this.#tab === tab));
    this.#log.hidden = this.#tab !== "log";
    this.#drives.hidden = this.#tab !== "recordings";
    if (this.#tab === "log") this.#showLog();
    else this.#showRecordings();
  }

  #showLog() {
    const { entries, more, state, older, plain } = this.#search;
    this.#offer();
    const rows = part("log-rows");
    const several = this.#fleet.several && !this.#robot.value;
    const what = JSON.stringify([entries.map(({ id }) => id), several]);
    const back = this.#back;
    this.#back = older;
    if (what !== this.#drawnLog) {
      this.#drawnLog = what;
      const fromEnd = rows.scrollHeight - rows.scrollTop;
      this.#entries.replaceChildren(...entries.flatMap((entry, place) => drawn(entry, entries[place - 1], several)));
      this.#older.hidden = !more;
      rows.scrollTop = rows.scrollHeight - (back ? fromEnd : 0);
    }
    this.#older.hidden = !more;
    this.#older.disabled = older;
    write(this.#older, tell(older ? "asking" : "older"));
    this.#root.toggleAttribute("data-asking", state === "asking");
    const none = entries.length === 0 ? tell(plain ? "empty" : "nothing") : "";
    const failed = this.#search.why ? tell("refused", { why: this.#search.why }) : tell("failed");
    write(this.#logNote, state === "asking" ? tell("asking") : state === "failed" ? failed : state === "found" ? none : "");
  }

  /** The robots that there are to choose from. */
  #offer() {
    const names = this.#fleet.robots.map(({ name }) => name);
    this.#robot.hidden = !this.#fleet.several;
    const what = names.join("\n");
    if (this.#robot.dataset.names === what) return;
    this.#robot.dataset.names = what;
    const { robot } = this.#search.query;
    const known = robot === null || names.includes(robot) ? names : [...names, robot];
    this.#robot.replaceChildren(new Option(tell("robot.any"), ""), ...known.map((name) => new Option(name, name)));
    this.#robot.value = robot ?? "";
  }

  #showRecordings() {
    const { list, running, busy, why } = this.#recordings;
    const here = this.#fleet.here !== "";
    const what = JSON.stringify(list);
    if (what !== this.#drawnList) {
      this.#drawnList = what;
      this.#list.replaceChildren(...list.map(recorded));
    }
    const none = list.length === 0 && busy === null ? tell("record.none") : "";
    const failed = why === null ? "" : why ? tell("record.refused", { why }) : tell("record.failed");
    write(this.#note, !here ? tell("record.robot") : failed || none);
    const changing = busy === "start" || busy === "stop";
    this.#record.disabled = !here || changing;
    this.#record.dataset.running = String(running === true);
    write(this.#recordWord, changing ? tell(busy === "start" ? "record.starting" : "record.stopping") : tell(running ? "record.stop" : "record.start"));
  }
}
