// The reset button under a finger or a key: it counts only while it is held.
import { part, write } from "./hud.js";
import { t } from "./words.js";

/**
 * @param {import("./stop.js").Reset} reset
 * @param {() => number} hold how long it must be held, ms
 */
export function wireReset(reset, hold) {
  const button = part("reset");
  const press = () => void reset.press(hold());
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    press();
  });
  button.addEventListener("pointermove", (move) => {
    const box = button.getBoundingClientRect();
    const inside = move.clientX >= box.left && move.clientX <= box.right && move.clientY >= box.top && move.clientY <= box.bottom;
    if (!inside) reset.release();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    button.addEventListener(end, () => reset.release());
  }
  button.addEventListener("contextmenu", (menu) => menu.preventDefault());
  button.addEventListener("keydown", (key) => {
    if (key.code !== "Space" && key.code !== "Enter") return;
    key.preventDefault();
    if (!key.repeat) press();
  });
  button.addEventListener("keyup", (key) => {
    if (key.code === "Space" || key.code === "Enter") reset.release();
  });
  reset.onchange = (phase, ms) => {
    button.dataset.phase = phase;
    button.style.setProperty("--hold", `${ms}ms`);
    write(part("reset-words"), t(phase === "held" ? "reset.held" : phase === "asking" ? "reset.asking" : "reset.hold"));
  };
}
