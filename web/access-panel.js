// The operator's sheet: who waits, who is in, and an invitation to scan.
import { part, write } from "./hud.js";
import { drawQr } from "./qr.js";
import { Sheet } from "./sheet.js";
import { inWords, t } from "./words.js";

/** Nobody reads a number faster, ms: until then a thumb that was on its way to another row lets nobody in. */
const READ_MS = 700;
/** The second tap on "remove" must come within this time, ms. */
const SURE_MS = 4000;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @type {Record<Role, import("./words.js").Key>} */
const ROLES = { agent: "role.agent", viewer: "role.viewer", driver: "role.driver", operator: "role.operator" };

/**
 * When somebody was last here, in the largest unit that fits.
 * @param {number} seconds ago
 */
export function ago(seconds) {
  if (seconds < MINUTE) return t("devices.now");
  if (seconds < HOUR) return t("devices.minutes", { n: Math.floor(seconds / MINUTE) });
  if (seconds < DAY) return t("devices.hours", { n: Math.floor(seconds / HOUR) });
  return t("devices.days", { n: Math.floor(seconds / DAY) });
}

/**
 * @param {string} name
 * @param {string} text
 * @param {Node[]} inside
 */
function made(name, text = "", ...inside) {
  const element = document.createElement(name);
  element.append(...(text ? [text] : []), ...inside);
  return element;
}

/**
 * @param {string} label
 * @param {string} about whom, for those who hear it
 * @param {() => void} run
 */
function button(label, about, run) {
  const element = /** @type {HTMLButtonElement} */ (made("button", label));
  element.type = "button";
  element.setAttribute("aria-label", `${label}: ${about}`);
  element.addEventListener("click", run);
  return element;
}

/**
 * A choice among robots. Whoever is to see the others as well is for any of them.
 * @param {string[]} names
 * @param {string | null} now
 */
function choice(names, now) {
  const select = document.createElement("select");
  const known = now === null || names.includes(now) ? names : [...names, now];
  for (const name of ["", ...known]) select.append(new Option(name || t("devices.any"), name, false, name === (now ?? "")));
  return select;
}

/** The sheet, its button in the bar, and the number of those who wait on it. */
export class AccessPanel {
  sheet = new Sheet("devices");
  #list;
  #fleet;
  #robot = /** @type {HTMLSelectElement} */ (part("invite-robot"));
  /** @type {Role} */
  #role = "driver";
  /** The device whose removal was tapped once. @type {number | null} */
  #doomed = null;
  /** Who waits, in order, and when that last changed. */
  #queue = "";
  #movedAt = -Infinity;
  /** What is drawn, so that a list under a finger is not replaced for nothing. */
  #drawn = "";

  /**
   * @param {import("./access.js").AccessList} list
   * @param {import("./fleet.js").Fleet} fleet
   */
  constructor(list, fleet) {
    this.#list = list;
    this.#fleet = fleet;
    this.#robot.addEventListener("change", () => {
      if (list.invite) this.#invite();
    });
    // A list that is open is not replaced under the finger, but when it is closed.
    part("inside").addEventListener("focusout", () => setTimeout(() => this.show()));
    list.onchange = () => this.show();
    list.ontrouble = (why) => write(part("devices-note"), why || t("devices.quiet"));
    this.sheet.onchange = (shown) => {
      if (!shown) list.putAway();
      this.show();
    };
    part("invite").addEventListener("click", () => {
      if (list.invite) list.putAway();
      else this.#invite();
    });
    for (const choice of this.#choices) {
      choice.addEventListener("click", () => {
        this.#role = /** @type {Role} */ (choice.dataset.role);
        if (list.invite) this.#invite();
        this.show();
      });
    }
    // "Last seen" grows by itself.
    setInterval(() => this.show(), MINUTE * 1000);
    inWords(() => {
      this.#drawn = "";
      this.show();
    });
  }

  #invite() {
    write(part("devices-note"), "");
    const robot = this.#choosing ? this.#robot.value : "";
    void this.#list.show(this.#role, robot || null);
  }

  /** Whether an invitation may be for one robot: operators have all of them. */
  get #choosing() {
    return this.#fleet.several && this.#role !== "operator";
  }

  get #choices() {
    return /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#invite-roles [data-role]"));
  }

  /** Writes what is true now. */
  show() {
    const { operator, view } = this.#list;
    part("devices-toggle").hidden = !operator;
    if (!operator && this.sheet.shown) this.sheet.show(false);
    const queue = view.waiting.map(({ id }) => id).join();
    if (queue !== this.#queue) [this.#queue, this.#movedAt] = [queue, performance.now()];
    const count = part("devices-count");
    count.hidden = view.waiting.length === 0;
    write(count, String(view.waiting.length));
    const label = t("devices.title") + (view.waiting.length ? `, ${t("devices.waitCount", { n: view.waiting.length })}` : "");
    part("devices-toggle").setAttribute("aria-label", label);
    if (!this.sheet.shown) return;
    const names = this.#fleet.robots.map(({ name }) => name);
    const what = JSON.stringify([view, names, this.#doomed, Math.floor(Date.now() / 1000 / MINUTE)]);
    const choosing = document.activeElement instanceof HTMLSelectElement && part("inside").contains(document.activeElement);
    if (what !== this.#drawn && !choosing) {
      this.#drawn = what;
      part("waiting-title").hidden = view.waiting.length === 0;
      part("waiting").replaceChildren(...view.waiting.map((device) => this.#waiting(device)));
      part("inside").replaceChildren(...view.devices.map((device) => this.#inside(device)));
      part("nobody").hidden = view.devices.length > 0;
    }
    this.#drawInvite();
  }

  /** @param {Access["waiting"][number]} device */
  #waiting({ id, name, role, robot, number }) {
    const words = made("div", "", made("b", name), made("span", robot ? `${t(ROLES[role])} · ${robot}` : t(ROLES[role])));
    const digits = made("strong", number);
    digits.className = "number";
    digits.setAttribute("aria-label", [...number].join(" "));
    const yes = button(t("devices.letIn"), name, () => void this.#list.decide("approve", id));
    yes.className = "primary";
    const unread = this.#movedAt + READ_MS - performance.now();
    if (unread > 0) {
      yes.disabled = true;
      setTimeout(() => (yes.disabled = false), unread);
    }
    const no = button(t("devices.sendAway"), name, () => void this.#list.decide("deny", id));
    const answers = made("p", "", yes, no);
    return made("li", "", words, digits, answers);
  }

  /** @param {Access["devices"][number]} device */
  #inside({ id, name, role, robot, seen, here }) {
    const when = here ? t("devices.here") : ago(Date.now() / 1000 - seen);
    const said = [t(ROLES[role]), ...(robot ? [robot] : []), when].join(" · ");
    const words = made("div", "", made("b", name), made("span", said));
    const sure = this.#doomed === id;
    const remove = button(t(sure ? "devices.sure" : "devices.remove"), name, () => {
      this.#doomed = sure ? null : id;
      if (sure) void this.#list.decide("revoke", id);
      else setTimeout(() => this.#spare(id), SURE_MS);
      this.show();
    });
    remove.classList.toggle("danger", sure);
    const assigned = this.#fleet.several && (role === "viewer" || role === "driver");
    return made("li", "", words, assigned ? made("p", "", this.#assign(id, name, robot), remove) : remove);
  }

  /**
   * @param {number} id
   * @param {string} name of the device
   * @param {string | null} robot
   */
  #assign(id, name, robot) {
    const select = choice(this.#fleet.robots.map(({ name }) => name), robot);
    select.setAttribute("aria-label", `${t("devices.robot")}: ${name}`);
    select.addEventListener("change", () => {
      select.blur();
      // A refusal puts it back.
      this.#drawn = "";
      void this.#list.assign(id, select.value || null).then(() => this.show());
    });
    return select;
  }

  /** @param {number} id */
  #spare(id) {
    if (this.#doomed !== id) return;
    this.#doomed = null;
    this.show();
  }

  /** The robots that an invitation may be for, as they are now. */
  #offer() {
    const names = this.#fleet.robots.map(({ name }) => name).join("\n");
    if (this.#robot.dataset.names === names) return;
    this.#robot.dataset.names = names;
    const now = this.#robot.value;
    this.#robot.replaceChildren(...choice(names ? names.split("\n") : [], now || null).options);
    // Options that move between lists do not keep which of them was chosen.
    this.#robot.value = now;
  }

  #drawInvite() {
    const { invite, seconds } = this.#list;
    for (const choice of this.#choices) choice.setAttribute("aria-pressed", String(choice.dataset.role === this.#role));
    part("invite-robot-row").hidden = !this.#choosing;
    this.#offer();
    write(part("invite"), t(invite ? "invite.hide" : "invite.show"));
    const card = part("invite-card");
    const fresh = invite && card.dataset.url !== invite.url;
    card.hidden = invite === null;
    if (!invite) return;
    const role = t(ROLES[invite.role]);
    write(part("invite-left"), t("invite.left", { role: invite.robot ? `${role}, ${invite.robot}` : role, n: seconds }));
    if (!fresh) return;
    card.dataset.url = invite.url;
    write(part("invite-url"), invite.url);
    drawQr(part("invite-qr"), invite.qr);
    // With its words if there is room, but whole in any case.
    card.scrollIntoView({ block: "nearest" });
    part("invite-qr").scrollIntoView({ block: "nearest" });
  }
}
