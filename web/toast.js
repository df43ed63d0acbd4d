// Short messages that pass: every refusal is said here, the same one not twice in a row.

/** The same message is not shown again within this time, ms. */
const QUIET_MS = 3000;
const LIFE_MS = 5000;
const MOST = 3;

/** The messages at the top of the page. */
export class Toasts {
  #root;
  /** @type {Map<string, number>} */
  #saidAt = new Map();

  /** @param {HTMLElement} root a live region */
  constructor(root) {
    this.#root = root;
  }

  /**
   * @param {string} text
   * @param {string} code the same code is the same message
   * @param {{label: string, run: () => void}} [action]
   */
  say(text, code = text, action = undefined) {
    const now = performance.now();
    if (now - (this.#saidAt.get(code) ?? -Infinity) < QUIET_MS) return;
    this.#saidAt.set(code, now);
    const toast = document.createElement("div");
    toast.className = "toast";
    toast.dataset.code = code;
    const words = document.createElement("p");
    words.textContent = text.charAt(0).toUpperCase() + text.slice(1);
    toast.append(words);
    if (action) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = action.label;
      button.addEventListener("click", () => action.run());
      toast.append(button);
    }
    toast.addEventListener("click", () => toast.remove());
    this.#root.append(toast);
    while (this.#root.children.length > MOST) this.#root.firstElementChild?.remove();
    setTimeout(() => toast.remove(), action ? LIFE_MS * 2 : LIFE_MS);
  }

  /**
   * Takes a message back that is not true any more.
   * @param {string} code
   */
  unsay(code) {
    for (const toast of [...this.#root.children]) {
      if (toast instanceof HTMLElement && toast.dataset.code === code) toast.remove();
    }
  }
}
