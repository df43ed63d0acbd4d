// Looks at the browser's gamepads, once a frame, while there is one and somebody sees the page; and shakes them.
import { onLeaving } from "./leaving.js";

/** A motor needs this long to be felt, ms. */
const RUMBLE_MS = 250;

/** @returns {(Gamepad | null)[]} none where the browser has no such thing, or does not allow it */
function gamepads() {
  try {
    return [...(navigator.getGamepads?.() ?? [])];
  } catch {
    return [];
  }
}

/** The browser's half of a `PadHand`. */
export class GamepadPoll {
  #hand;
  #running = false;

  /** @param {import("./gamepad.js").PadHand} hand */
  constructor(hand) {
    this.#hand = hand;
    addEventListener("gamepadconnected", () => this.#run());
    addEventListener("gamepaddisconnected", (event) => {
      const index = event.gamepad?.index;
      if (index === undefined || index === hand.pad?.index) hand.lose();
    });
    onLeaving((gone) => {
      if (gone) hand.lose();
    });
    document.addEventListener("visibilitychange", () => this.#run());
    addEventListener("pageshow", () => this.#run());
    this.#run();
  }

  /** The pad in use. */
  get #active() {
    const used = this.#hand.pad;
    return used ? gamepads()[used.index] : null;
  }

  /** Whether the pad in use has motors. */
  get able() {
    return Boolean(this.#active?.vibrationActuator?.playEffect);
  }

  /** Shakes the pad in use, if it can be shaken. */
  rumble() {
    const effect = { duration: RUMBLE_MS, strongMagnitude: 1, weakMagnitude: 1 };
    // A pad may have gone in this moment; nothing depends on it.
    this.#active?.vibrationActuator?.playEffect?.("dual-rumble", effect).catch(() => {});
  }

  #run() {
    if (this.#running) return;
    this.#running = true;
    this.#look();
  }

  #look = () => {
    this.#running = false;
    if (document.visibilityState === "hidden") return;
    const pads = gamepads();
    this.#hand.look(pads);
    if (pads.every((pad) => pad === null)) return;
    this.#running = true;
    requestAnimationFrame(this.#look);
  };
}
