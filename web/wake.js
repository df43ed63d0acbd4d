// Keeps the screen on while this page drives: a screen that dims is a hidden page, and a hidden page stops.

/** @type {WakeLockSentinel | null} */
let lock = null;
let wanted = false;

/** @param {boolean} awake */
export async function keepAwake(awake) {
  wanted = awake;
  if (!awake) {
    const held = lock;
    lock = null;
    await held?.release();
    return;
  }
  if (lock || !("wakeLock" in navigator) || document.visibilityState !== "visible") return;
  try {
    const taken = await navigator.wakeLock.request("screen");
    taken.addEventListener("release", () => {
      if (lock === taken) lock = null;
    });
    if (wanted) lock = taken;
    else await taken.release();
  } catch {
    // A battery saver may say no; driving works without.
  }
}
