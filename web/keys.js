// The keyboard: W A S D and arrows drive while held, space is STOP.
import { onLeaving } from "./leaving.js";
import { sum } from "./pad.js";

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
 * @param {Hand & {stop: () => void}} listener
 */
export function listenToKeys({ hold, release, stop }) {
  /** @type {Map<string, string>} */
  const held = new Map();
  const tell = () => {
    const { x, y } = sum(new Set(held.values()));
    hold(x, y);
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isForElement(event.target, event.code)) return;
    if (event.code === "Space") {
      // A focused reset button may be held by space: it only ever works while the robot is latched already.
      if (event.target instanceof Element && event.target.closest("[data-space]")) return;
      event.preventDefault();
      if (!event.repeat) stop();
      return;
    }
    const way = WAYS[event.code];
    if (!way) return;
    event.preventDefault();
    if (event.repeat || held.has(event.code)) return;
    held.set(event.code, way);
    tell();
  });
  addEventListener("keyup", (event) => {
    // The keyup of space would press a focused button.
    if (event.code === "Space" && event.target instanceof HTMLButtonElement && !event.target.closest("[data-space]")) {
      event.preventDefault();
    }
    if (!held.delete(event.code)) return;
    if (held.size === 0) release();
    else tell();
  });
  onLeaving(() => {
    if (held.size === 0) return;
    held.clear();
    release();
  });
}
