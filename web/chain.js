// The chain from this page to the robot, drawn, with the link marked that is down.
import { inWords, t } from "./words.js";

/** What is in it, in order; the first is this device. */
const PLACES = /** @type {const} */ (["phone", "relay", "agent", "robot"]);

/** What each is called. @type {Record<typeof PLACES[number], import("./words.js").Key>} */
const NAMES = { phone: "chain.phone", relay: "chain.relay", agent: "chain.agent", robot: "chain.robot" };

/** What is said of a link that is down. @type {Record<import("./status.js").Broken, import("./words.js").Key>} */
const DOWN = { relay: "chain.noRelay", agent: "chain.noAgent", robot: "chain.noRobot" };

/** Every place on the page that shows it. */
export class Chain {
  /** @type {HTMLElement[]} */
  #roots;
  /** @type {import("./status.js").Broken | null} */
  #broken = null;

  /** @param {Iterable<HTMLElement>} roots empty elements */
  constructor(roots) {
    this.#roots = [...roots];
    for (const root of this.#roots) {
      root.setAttribute("role", "img");
      for (const place of PLACES) root.append(...drawn(place));
    }
    inWords(() => this.#say());
  }

  /** @param {import("./status.js").Broken | null} broken the first link that is down, by its far end */
  show(broken) {
    if (broken === this.#broken) return;
    this.#broken = broken;
    this.#say();
  }

  #say() {
    const broken = this.#broken;
    const words = t(broken ? DOWN[broken] : "chain.whole");
    for (const root of this.#roots) {
      root.dataset.broken = broken ?? "";
      root.setAttribute("aria-label", words);
      root.title = words;
      for (const place of PLACES) {
        const name = root.querySelector(`[data-place="${place}"]`);
        if (name) name.textContent = t(NAMES[place]);
      }
    }
  }
}

/** A place, and before it the link that leads to it. @param {typeof PLACES[number]} place */
function drawn(place) {
  const name = document.createElement("span");
  name.dataset.place = place;
  if (place === "phone") return [name];
  const link = document.createElement("i");
  link.dataset.link = place;
  return [link, name];
}
