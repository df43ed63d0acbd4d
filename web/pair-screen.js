// The screens of a page that is not let in yet, or not any more. They cover everything: nothing below would work.
import { thisDevice } from "./device.js";
import { part, write } from "./hud.js";
import { keep, recall } from "./memory.js";
import { codeFrom } from "./pair.js";
import { inWords, t } from "./words.js";

const LONGEST_NAME = 32;

/** The refusals that have a sentence of their own. @type {Record<string, import("./words.js").Key>} */
const REFUSALS = {
  unknown: "pair.refused.unknown",
  void: "pair.refused.void",
  crowded: "pair.refused.crowded",
  denied: "pair.refused.denied",
  rate: "pair.refused.rate",
  malformed: "pair.refused.malformed",
  stranger: "pair.refused.stranger",
};

/** Draws what the door says, and tells it what the person wants. */
export class PairScreen {
  #pairing;
  #root = part("gate");
  #name = /** @type {HTMLInputElement} */ (part("gate-name"));
  #code = /** @type {HTMLInputElement} */ (part("gate-code"));
  #ask = /** @type {HTMLButtonElement} */ (part("gate-ask"));

  /** @param {import("./pair.js").Pairing} pairing */
  constructor(pairing) {
    this.#pairing = pairing;
    this.#name.value = recall("device") ?? "";
    void thisDevice().then((name) => (this.#name.value ||= name));
    part("gate-form").addEventListener("submit", (submit) => {
      submit.preventDefault();
      this.#submit();
    });
    part("gate-again").addEventListener("click", () => pairing.again());
    part("gate-skip").addEventListener("click", () => pairing.skip());
    pairing.onchange = () => this.#show();
    inWords(() => this.#show());
  }

  /** Whether it covers the page now. */
  get shown() {
    return !this.#root.hidden;
  }

  #submit() {
    const name = this.#name.value.trim().slice(0, LONGEST_NAME);
    if (!name) {
      this.#note(t("pair.noName"));
      this.#name.focus();
      return;
    }
    if (this.#pairing.door.step !== "offer") {
      const code = codeFrom(this.#code.value);
      if (!code) {
        this.#note(t("pair.noCode"));
        this.#code.focus();
        return;
      }
      this.#code.value = "";
      this.#pairing.offer(code);
    }
    keep("device", name);
    void this.#pairing.ask(name);
  }

  /** @param {string} text */
  #note(text) {
    write(part("gate-note"), text);
  }

  #show() {
    const { door } = this.#pairing;
    const open = door.step === "open";
    this.#root.hidden = open;
    for (const behind of document.querySelectorAll("body > header, body > main")) behind.toggleAttribute("inert", !open);
    if (open) return;
    const { title, words } = this.#words(door);
    write(part("gate-title"), title);
    write(part("gate-words"), words);
    this.#root.dataset.step = door.step;
    const number = part("gate-number");
    number.hidden = door.step !== "waiting";
    if (door.step === "waiting") {
      write(number, door.number);
      // Digit by digit, as two people compare it.
      number.setAttribute("aria-label", [...door.number].join(" "));
    }
    const typing = door.step === "stranger" || (door.step === "refused" && !door.again);
    part("gate-form").hidden = !typing && door.step !== "offer" && door.step !== "asking";
    part("gate-code-row").hidden = !typing;
    this.#ask.disabled = door.step === "asking";
    write(this.#ask, t(door.step === "asking" ? "pair.asking" : "pair.ask"));
    part("gate-again").hidden = !(door.step === "refused" && door.again);
    part("gate-skip").hidden = !(door.step === "offer" && door.already);
    this.#note("trouble" in door && door.trouble ? t(door.step === "waiting" ? "pair.quiet" : "pair.trouble") : "");
  }

  /** @param {import("./pair.js").Door} door */
  #words(door) {
    switch (door.step) {
      case "waiting":
        return { title: t("pair.waiting"), words: t("pair.compare") };
      case "joining":
        return { title: t("pair.joining"), words: t("pair.joiningWords") };
      case "refused": {
        const key = REFUSALS[door.code];
        return { title: t("pair.refused"), words: key ? t(key) : door.why };
      }
      case "stranger":
        if (door.removed) return { title: t("pair.removed"), words: t("pair.removedHow") };
        return { title: t("pair.stranger"), words: t("pair.strangerHow") };
      default:
        return { title: t("pair.offer"), words: t("pair.offerWords") };
    }
  }
}
