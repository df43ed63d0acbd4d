// One robot in the list: whose colour, what it does, who drives; a tap goes to it. Operators may take its seat away.
import { colour } from "./fleet.js";
import { write } from "./hud.js";
import { tell } from "./robots-words.js";
import { said, t } from "./words.js";

/** Numbers of gamepads beside the robot begin here: nobody takes their seat from afar. */
const PADS = 2 ** 52;
/** The second tap must come within this time, ms. */
const SURE_MS = 4000;

/**
 * What a robot does, in a few words.
 * @param {RobotSummary} robot
 */
export function doing({ here, state }) {
  return here ? t(`state.${state}`) : tell("away");
}

/**
 * Who drives it, and how many look at it.
 * @param {RobotSummary} robot
 */
export function people({ holder, clients, simulated }) {
  const who = holder ? tell("drives", { name: holder.name }) : tell("nobody");
  const eyes = clients === 1 ? tell("one") : tell("many", { n: clients });
  return [who, eyes, ...(simulated ? [t("robot.simulated")] : [])].join(" · ");
}

/**
 * Why it does not drive. Of a latch only who closed it: the rest stands where it is reset.
 * @param {RobotSummary} robot
 */
export function why({ here, state, reason }) {
  if (!here || !reason) return "";
  return state === "latched" ? (/\((.*)\)$/.exec(reason.text)?.[1] ?? "") : said(reason.code, reason.text);
}

/** Stays the same element as long as the robot is in the list, so that nothing is replaced under a finger. */
export class RobotRow {
  root = document.createElement("li");
  #go = document.createElement("button");
  #name = document.createElement("b");
  #state = document.createElement("span");
  #people = document.createElement("span");
  #why = document.createElement("span");
  #kick = document.createElement("button");
  /** Whose seat was tapped once. */
  #doomed = 0;
  /** @type {RobotSummary | null} */
  #robot = null;

  /**
   * @param {(name: string) => void} go
   * @param {(robot: string, driver: Person) => void} kick
   */
  constructor(go, kick) {
    this.#go.type = this.#kick.type = "button";
    this.#go.className = "go";
    this.#kick.className = "kick";
    this.#state.className = "doing";
    this.#why.className = "why";
    this.#go.append(this.#name, this.#state, this.#people, this.#why);
    this.root.append(this.#go, this.#kick);
    this.#go.addEventListener("click", () => this.#robot && go(this.#robot.name));
    this.#kick.addEventListener("click", () => {
      const { name = "", holder = null } = this.#robot ?? {};
      if (!holder) return;
      const sure = this.#doomed === holder.id;
      this.#doomed = sure ? 0 : holder.id;
      if (sure) kick(name, holder);
      else setTimeout(() => this.#spare(holder.id), SURE_MS);
      this.#label();
    });
  }

  /**
   * @param {RobotSummary} robot
   * @param {{here: boolean, operator: boolean}} page whether it is at this robot, and may take seats away
   */
  show(robot, { here, operator }) {
    this.#robot = robot;
    this.root.dataset.robot = robot.name;
    this.root.dataset.state = robot.here ? robot.state : "away";
    this.root.style.setProperty("--hue", colour(robot.color) || "transparent");
    if (here) this.#go.setAttribute("aria-current", "true");
    else this.#go.removeAttribute("aria-current");
    write(this.#name, robot.name);
    write(this.#state, here ? `${doing(robot)} · ${tell("here")}` : doing(robot));
    write(this.#people, people(robot));
    write(this.#why, why(robot));
    this.#kick.hidden = !operator || !robot.holder || robot.holder.id >= PADS;
    this.#label();
  }

  #label() {
    const { name = "", holder = null } = this.#robot ?? {};
    const sure = holder !== null && this.#doomed === holder.id;
    this.#kick.classList.toggle("danger", sure);
    write(this.#kick, sure ? tell("kick.sure") : tell("kick"));
    this.#kick.setAttribute("aria-label", `${name}: ${this.#kick.textContent}`);
  }

  /** @param {number} id */
  #spare(id) {
    if (this.#doomed !== id) return;
    this.#doomed = 0;
    this.#label();
  }
}
