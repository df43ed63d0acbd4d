// The keyboard: W A S D and arrows drive while held, Q and E go sideways, Shift is slow, space is STOP.
import { onLeaving } from "./leaving.js";
import { sum } from "./pad.js";
import { Ramp } from "./ramp.js";

/** @type {Record<string, string>} */
const WAYS = {
  KeyW: "up",
  KeyA: "left",
  KeyS: "down",
  KeyD: "right",
  ArrowUp: "up",
  ArrowLeft: "left",
  ArrowDown: "down",
  ArrowRight: "right",
  KeyQ: "slide-left",
  KeyE: "slide-right",
};

/**
 * Whether the focused element wants this key for itself.
 * @param {EventTarget | null} target
 * @param {string} code
 */
function isForElement(target, code) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "range" || code.startsWith("Arrow");
  return target.isContentEditable || target instanceof HTMLTextAreaElement;
}

/**
 * Listens to the whole page.
 * @param {Hand & {stop: () => void, sideways: () => boolean}} listener `sideways` is whether the robot can
 */
export function listenToKeys(listener) {
  const ramp = new Ramp(listener);
  /** @type {Map<string, string>} */
  const held = new Map();
  let slow = false;
  const tell = () => ramp.aim(sum(new Set(held.values())), slow ? "slow" : null);
  /** @param {KeyboardEvent} event */
  const shift = (event) => {
    if (event.shiftKey === slow) return;
    slow = event.shiftKey;
    if (held.size > 0) tell();
  };
  addEventListener("keydown", (event) => {
    shift(event);
    if (event.ctrlKey || event.metaKey || event.altKey || isForElement(event.target, event.code)) return;
    if (event.code === "Space") {
      // A focused reset button may be held by space: it only ever works while the robot is latched already.
      if (event.target instanceof Element && event.target.closest("[data-space]")) return;
      event.preventDefault();
      if (!event.repeat) listener.stop();
      return;
    }
    const way = WAYS[event.code];
    if (!way || (way.startsWith("slide") && !listener.sideways())) return;
    event.preventDefault();
    if (event.repeat || held.has(event.code)) return;
    held.set(event.code, way);
    tell();
  });
  addEventListener("keyup", (event) => {
    shift(event);
    // The keyup of space would press a focused button.
    if (event.code === "Space" && event.target instanceof HTMLButtonElement && !event.target.closest("[data-space]")) {
      event.preventDefault();
    }
    if (!held.delete(event.code)) return;
    if (held.size === 0) ramp.release();
    else tell();
  });
  onLeaving(() => {
    slow = false;
    held.clear();
    ramp.release();
  });
}
