// The seat row: who drives, and the one or two things that can be done about it.
import { draw, part, write } from "./hud.js";

/** @typedef {{label: string, run: () => void}} Action */

/** The row above the controls. */
export class SeatRow {
  #drive;
  #icon = part("seat-icon");
  #words = part("seat-words");
  #button = /** @type {HTMLButtonElement} */ (part("seat-button"));
  #run = () => {};

  /** @param {import("./drive.js").Drive} drive */
  constructor(drive) {
    this.#drive = drive;
    this.#button.addEventListener("click", () => this.#run());
  }

  /** Writes what is true now. */
  show() {
    const { seat, mine, welcome } = this.#drive;
    const whose = !welcome ? "none" : mine ? "mine" : seat.holder ? "other" : "free";
    document.body.dataset.seat = whose;
    const { words, icon, action } = this.#judge(whose);
    write(this.#words, words);
    draw(this.#icon, icon);
    this.#button.classList.toggle("shown", action !== null);
    if (!action) return;
    write(this.#button, action.label);
    this.#run = action.run;
  }

  /**
   * @param {"none" | "mine" | "other" | "free"} whose
   * @returns {{words: string, icon: string, action: Action | null}}
   */
  #judge(whose) {
    const drive = this.#drive;
    const { seat, welcome } = drive;
    const [first, ...more] = seat.queue;
    switch (whose) {
      case "none":
        return { words: "Not connected", icon: "seat", action: null };
      case "mine":
        if (!first) return { words: "You drive", icon: "wheel", action: { label: "Release", run: () => drive.leave() } };
        return {
          words: more.length ? `${first.name} and ${more.length} more ask` : `${first.name} asks to drive`,
          icon: "wheel",
          action: { label: "Hand over", run: () => drive.give(first.id) },
        };
      case "other": {
        const place = seat.queue.findIndex((person) => person.id === welcome?.you.id);
        const driver = `${seat.holder?.name} drives`;
        if (welcome?.role === "viewer") return { words: driver, icon: "watching", action: null };
        if (place < 0) {
          return { words: driver, icon: "watching", action: { label: "Ask", run: () => drive.ask() } };
        }
        return {
          words: place === 0 ? `${driver}, you are next` : `${driver}, you are number ${place + 1}`,
          icon: "watching",
          action: { label: "Never mind", run: () => drive.leave() },
        };
      }
      case "free":
        if (welcome?.role === "viewer") return { words: "Nobody drives", icon: "seat", action: null };
        return { words: "The seat is free", icon: "seat", action: { label: "Take it", run: () => drive.take() } };
      default:
        return whose;
    }
  }
}
