// The large pad that a thumb holds while tilting drives, the phone's sensors, and the permission that iPhones ask for.
import { onLeaving } from "./leaving.js";
import { Tilt } from "./tilt.js";
import { t } from "./words.js";

/** @typedef {{requestPermission?: () => Promise<string>}} Asking */

/** Tilt steering on the glass. */
export class TiltPad {
  /** Called with a sentence when tilting cannot drive. @type {(why: string) => void} */
  ontrouble = () => {};
  #pad;
  #tilt;
  /** @type {number | null} */
  #finger = null;
  #listening = false;
  #allowed = false;

  /**
   * @param {HTMLElement} pad
   * @param {HTMLElement} bubble shows the tilt
   * @param {Hand} hand
   */
  constructor(pad, bubble, hand) {
    this.#pad = pad;
    this.#tilt = new Tilt(hand);
    this.#tilt.onmove = (x, y) => {
      const reach = (pad.clientWidth - bubble.offsetWidth) / 2;
      bubble.style.transform = `translate(${x * reach}px, ${-y * reach}px)`;
      pad.classList.toggle("held", this.#tilt.held);
    };
    this.#tilt.onsilence = (never) => this.ontrouble(t(never ? "tilt.never" : "tilt.silent"));
    pad.addEventListener("pointerdown", (event) => this.#press(event));
    for (const end of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
      pad.addEventListener(end, (event) => {
        if (event.pointerId === this.#finger) this.drop();
      });
    }
    // Only a finished tap may ask an iPhone for its sensors; each visit asks anew.
    pad.addEventListener("click", () => void this.allow());
    pad.addEventListener("contextmenu", (event) => event.preventDefault());
    onLeaving(() => this.drop());
  }

  /** Whether the browser has such a sensor's interface at all; plain HTTP hides it. */
  static get able() {
    return "DeviceOrientationEvent" in globalThis;
  }

  /**
   * Asks for the sensors if the phone wants to be asked.
   * @returns {Promise<boolean>}
   */
  async allow() {
    if (this.#allowed || !TiltPad.able) return this.#allowed;
    const asking = /** @type {Asking} */ (/** @type {unknown} */ (DeviceOrientationEvent));
    try {
      this.#allowed = asking.requestPermission === undefined || (await asking.requestPermission()) === "granted";
    } catch {
      // Asked without a finger on the glass: the next tap may ask again.
    }
    return this.#allowed;
  }

  /**
   * Sensors cost power: they are listened to only while tilting is chosen.
   * @param {boolean} on
   */
  listen(on) {
    if (on === this.#listening) return;
    this.#listening = on;
    this.drop();
    const change = on ? addEventListener : removeEventListener;
    change("deviceorientation", this.#orientation);
    change("devicemotion", this.#motion);
  }

  /** Lets go, whatever the finger does. */
  drop() {
    const finger = this.#finger;
    this.#finger = null;
    this.#tilt.lift();
    this.#pad.classList.remove("held");
    if (finger !== null && this.#pad.hasPointerCapture(finger)) this.#pad.releasePointerCapture(finger);
  }

  /** @param {DeviceOrientationEvent} event */
  #orientation = (event) => this.#tilt.sensed(event, screen.orientation?.angle ?? 0);

  /** @param {DeviceMotionEvent} event */
  #motion = (event) => {
    if (event.accelerationIncludingGravity?.x != null) this.#tilt.alive();
  };

  /** @param {PointerEvent} event */
  #press(event) {
    if (this.#finger !== null || event.button !== 0) return;
    if (!TiltPad.able) return this.ontrouble(t("tilt.missing"));
    const asks = "requestPermission" in DeviceOrientationEvent;
    if (asks && !this.#allowed) return this.ontrouble(t("tilt.allow"));
    this.#finger = event.pointerId;
    try {
      this.#pad.setPointerCapture(event.pointerId);
    } catch {
      // The finger is already gone again; its pointerup follows.
    }
    return this.#tilt.press();
  }
}
