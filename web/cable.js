// The cable to the robot in figures: what was sent, what became of it, how often it broke.
import { part, write } from "./hud.js";
import { inWords, t } from "./words.js";

/** @type {[import("./words.js").Key, (link: Link) => number][]} */
const ROWS = [
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

/** A list that opens over the page. */
export class Cable {
  #list = part("cable");
  #figures = ROWS.map(([key]) => {
    const row = document.createElement("div");
    const [label, figure] = [document.createElement("dt"), document.createElement("dd")];
    inWords(() => (label.textContent = t(key)));
    row.append(label, figure);
    this.#list.append(row);
    return figure;
  });

  /** @param {Link} link */
  show(link) {
    if (!this.#list.matches(":popover-open")) return;
    ROWS.forEach(([, value], row) => write(this.#figures[row], String(value(link))));
  }
}
