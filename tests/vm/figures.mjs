// How long the pins took to rest, told in one line.
import assert from "node:assert/strict";

/** The promise: pins off this long after the cause at most, ms. */
export const PROMISED_MS = 250;

/** Asserts that every time, ms, is within `most`, and tells them; `with_` says what they include. */
export function tell(what, times, most, with_) {
  const sorted = [...times].sort((a, b) => a - b);
  const ms = (time) => `${time.toFixed(1)} ms`;
  const [median, worst] = [sorted[Math.floor(sorted.length / 2)], sorted[sorted.length - 1]];
  console.error(`${what}: pins off after ${ms(median)} (p50), ${ms(worst)} (worst), n = ${sorted.length}; ${with_}`);
  assert.ok(sorted[0] >= 0, `${what}: the pins were at rest before`);
  assert.ok(worst <= most, `${what}: ${sorted.map(ms).join(", ")}; at most ${most} ms were allowed`);
}
