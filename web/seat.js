// The seat row: who drives, and the one or two things that can be done about it.
import { draw, part, write } from "./hud.js";
import { nth, t } from "./words.js";

/** @typedef {{label: string, run: () => void}} Action */

/** So many of those who wait are named. */
const SHOWN = 3;

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
    const viewer = welcome?.role === "viewer";
    const [first, ...more] = seat.queue;
    switch (whose) {
      case "none":
        return { words: t("seat.none"), icon: "seat", action: null };
      case "mine":
        if (!first) {
          return { words: t("seat.mine"), icon: "wheel", action: { label: t("seat.release"), run: () => drive.leave() } };
        }
        return {
          words: more.length ? t("seat.manyAsk", { name: first.name, n: more.length }) : t("seat.asks", { name: first.name }),
          icon: "wheel",
          action: { label: t("seat.give"), run: () => drive.give(first.id) },
        };
      case "other": {
        const words = told(seat, welcome?.you.id ?? null);
        if (viewer) return { words: `${t("seat.viewer")} ${words}`, icon: "watching", action: null };
        const asked = seat.queue.some((person) => person.id === welcome?.you.id);
        const action = asked
          ? { label: t("seat.forget"), run: () => drive.leave() }
          : { label: t("seat.ask"), run: () => drive.ask() };
        return { words, icon: "watching", action };
      }
      case "free":
        if (viewer) return { words: `${t("seat.viewer")} ${t("seat.nobody")}`, icon: "watching", action: null };
        return { words: t("seat.free"), icon: "seat", action: { label: t("seat.take"), run: () => drive.take() } };
      default:
        return whose;
    }
  }
}

/**
 * Who drives and who waits, in the words of one of them.
 * @param {SeatView} seat
 * @param {number | null} me
 */
export function told({ holder, queue }, me) {
  const driver = t("seat.drives", { name: holder?.name ?? "" });
  if (queue.length === 0) return driver;
  const place = queue.findIndex((person) => person.id === me);
  if (place === 0) return t("seat.next", { driver });
  const names = queue.slice(0, SHOWN).map(({ name }, index) => `${index + 1} ${index === place ? t("seat.you") : name}`);
  const rest = queue.length > SHOWN ? ` +${queue.length - SHOWN}` : "";
  const list = names.join(", ") + rest;
  return place < 0 ? t("seat.queue", { driver, list }) : t("seat.place", { driver, place: nth(place + 1), list });
}
