// A button that counts while one finger, the mouse or Enter holds it, and only as long as that is certain.
import { onLeaving } from "./leaving.js";

/** One button. */
export class HoldButton {
  /** It goes down. */
  onpress = () => {};
  /** It comes up, by the finger that held it. */
  onrelease = () => {};
  /** It counts no more, although no finger was lifted. @type {(why: "hand" | "finger") => void} */
  onloss = () => {};
  #button;
  /** @type {number | "Enter" | null} */
  #finger = null;

  /** @param {HTMLButtonElement} button */
  constructor(button) {
    this.#button = button;
    button.addEventListener("pointerdown", (press) => {
      if (press.button !== 0 || this.#finger !== null) return;
      try {
        button.setPointerCapture(press.pointerId);
      } catch {
        // The finger is already gone again; its pointerup follows.
      }
      this.#down(press.pointerId);
    });
    // The left button of a mouse may come up while another is still down: that tells no pointerup.
    button.addEventListener("pointermove", (move) => {
      if (move.pointerId === this.#finger && (move.buttons & 1) === 0) this.#lose("hand");
    });
    button.addEventListener("pointerup", (lift) => this.#up(lift.pointerId));
    for (const end of /** @type {const} */ (["pointercancel", "lostpointercapture"])) {
      button.addEventListener(end, (lost) => {
        if (lost.pointerId === this.#finger) this.#lose("hand");
      });
    }
    button.addEventListener("keydown", (key) => {
      if (key.key !== "Enter") return;
      key.preventDefault();
      if (!key.repeat && this.#finger === null) this.#down("Enter");
    });
    button.addEventListener("keyup", (key) => {
      if (key.key === "Enter") this.#up("Enter");
    });
    button.addEventListener("blur", () => {
      if (this.#finger === "Enter") this.#lose("hand");
    });
    button.addEventListener("contextmenu", (menu) => menu.preventDefault());
    // Whoever touches something else does not watch the wheel any more.
    addEventListener("pointerdown", (press) => {
      if (this.#finger !== null && press.pointerId !== this.#finger) this.#lose("finger");
    }, true);
    onLeaving(() => this.#lose("hand"));
  }

  /** Lets go, whatever the finger does; it must be lifted and come down anew. */
  drop() {
    const finger = this.#finger;
    this.#finger = null;
    this.#button.classList.remove("held");
    if (typeof finger === "number" && this.#button.hasPointerCapture(finger)) this.#button.releasePointerCapture(finger);
  }

  /** @param {number | "Enter"} finger */
  #down(finger) {
    this.#finger = finger;
    this.#button.classList.add("held");
    this.onpress();
  }

  /** @param {number | "Enter"} finger */
  #up(finger) {
    if (finger !== this.#finger) return;
    this.drop();
    this.onrelease();
  }

  /** @param {"hand" | "finger"} why */
  #lose(why) {
    if (this.#finger === null) return;
    this.drop();
    this.onloss(why);
  }
}
