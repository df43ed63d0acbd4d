// The chain from this page to the robot, drawn, with the link marked that is down, or the place where the cause of a stop lies.
import { inWords, t } from "./words.js";

/** What is in it, in order; the first is this device. */
const PLACES = /** @type {const} */ (["phone", "relay", "agent", "robot"]);

/** What each is called. @type {Record<typeof PLACES[number], import("./words.js").Key>} */
const NAMES = { phone: "chain.phone", relay: "chain.relay", agent: "chain.agent", robot: "chain.robot" };

/** What is said of a link that is down. @type {Record<import("./status.js").Broken, import("./words.js").Key>} */
const DOWN = { relay: "chain.noRelay", agent: "chain.noAgent", robot: "chain.noRobot" };

/** What is said of the place where the cause of a stop lies. @type {Record<import("./status.js").Cause, import("./words.js").Key>} */
const AT = { network: "chain.atNetwork", agent: "chain.atAgent", robot: "chain.atRobot" };

/** Every place on the page that shows it. */
export class Chain {
  /** @type {HTMLElement[]} */
  #roots;
  /** @type {import("./status.js").Broken | null} */
  #broken = null;
  /** @type {import("./status.js").Cause | null} */
  #cause = null;
  /** Whose commands come from the first place. */
  #mine = true;

  /** @param {Iterable<HTMLElement>} roots empty elements */
  constructor(roots) {
    this.#roots = [...roots];
    for (const root of this.#roots) {
      root.setAttribute("role", "img");
      for (const place of PLACES) root.append(...drawn(place));
    }
    inWords(() => this.#say());
  }

  /**
   * @param {import("./status.js").Broken | null} broken the first link that is down, by its far end
   * @param {import("./status.js").Cause | null} [cause] where the cause of a stop lies, if none is
   * @param {boolean} [mine] whether this device drives
   */
  show(broken, cause = null, mine = true) {
    if (broken === this.#broken && cause === this.#cause && mine === this.#mine) return;
    [this.#broken, this.#cause, this.#mine] = [broken, cause, mine];
    this.#say();
  }

  #say() {
    const [broken, cause] = [this.#broken, this.#cause];
    // The commands that did not come may be those of somebody else's device.
    const other = cause === "network" && !this.#mine;
    const words = t(broken ? DOWN[broken] : cause ? AT[cause] : "chain.whole");
    for (const root of this.#roots) {
      root.dataset.broken = broken ?? "";
      root.dataset.cause = cause ?? "";
      root.setAttribute("aria-label", words);
      root.title = words;
      for (const place of PLACES) {
        const name = root.querySelector(`[data-place="${place}"]`);
        if (name) name.textContent = t(other && place === "phone" ? "chain.driver" : NAMES[place]);
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
