// The cable to the robot in figures: what was sent, what became of it, how often it broke.
import { part, write } from "./hud.js";

/** @type {[string, (link: Link) => number][]} */
const ROWS = [
  ["Commands sent", (link) => link.frames_sent],
  ["accepted by the robot", ({ robot }) => robot.accepted],
  ["refused: too old", ({ robot }) => robot.stale],
  ["refused: a newer one came first", ({ robot }) => robot.old_seq],
  ["refused: of an older session", ({ robot }) => robot.foreign_session],
  ["refused: not allowed then", ({ robot }) => robot.barred],
  ["refused: not understood", ({ robot }) => robot.no_message],
  ["Damaged on the way there", ({ robot }) => robot.damaged],
  ["Damaged on the way back", (link) => link.bad_frames],
  ["Refused before they were sent", (link) => link.refused],
  ["Robot restarts", (link) => link.restarts],
  ["Cable opened again", (link) => link.reconnects],
];

/** A list that opens over the page. */
export class Cable {
  #list = part("cable");
  #figures = ROWS.map(([name]) => {
    const row = document.createElement("div");
    const [label, figure] = [document.createElement("dt"), document.createElement("dd")];
    label.textContent = name;
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
