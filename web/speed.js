// The speed slider: slow, normal, full, and everything between.
import { inWords, t } from "./words.js";

/** The marks, per cent of full speed. @type {{at: number, word: import("./words.js").Key}[]} */
const MARKS = [
  { at: 35, word: "speed.slow" },
  { at: 65, word: "speed.normal" },
  { at: 100, word: "speed.full" },
];
/** A mark catches a slider this near, per cent. */
const CATCH = 3;

/**
 * The nearest mark if it is near enough to catch the slider.
 * @param {number} percent
 */
export function caught(percent) {
  return MARKS.find((mark) => Math.abs(mark.at - percent) <= CATCH)?.at ?? percent;
}

/**
 * What to call a speed.
 * @param {number} percent
 */
export function word(percent) {
  const mark = MARKS.find(({ at }) => at === percent);
  return mark ? t(mark.word) : "";
}

/**
 * @param {HTMLInputElement} slider
 * @param {HTMLElement} label
 * @param {(share: number) => void} set
 */
export function wireSpeed(slider, label, set) {
  const show = () => {
    const percent = Number(slider.value);
    label.textContent = `${percent} %`;
    slider.setAttribute("aria-valuetext", `${percent} % ${word(percent)}`.trim());
    slider.style.setProperty("--at", String((percent - Number(slider.min)) / (100 - Number(slider.min))));
    set(percent / 100);
  };
  let dragging = false;
  slider.addEventListener("pointerdown", () => (dragging = true));
  slider.addEventListener("input", () => {
    if (dragging) slider.value = String(caught(Number(slider.value)));
    show();
  });
  // After a touch the arrow keys are for driving again, not for the slider.
  slider.addEventListener("pointerup", () => {
    dragging = false;
    slider.blur();
  });
  slider.addEventListener("pointercancel", () => (dragging = false));
  inWords(show);
}
