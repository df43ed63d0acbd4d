// Keeps the screen on while this page drives: a screen that dims is a hidden page, and a hidden page stops.

/** @type {WakeLockSentinel | null} */
let lock = null;
let wanted = false;

/** @param {boolean} awake */
export async function keepAwake(awake) {
  if (awake === wanted) return;
  wanted = awake;
  const held = lock;
  lock = null;
  await held?.release();
  if (!awake || !("wakeLock" in navigator)) return;
  try {
    const taken = await navigator.wakeLock.request("screen");
    if (wanted) lock = taken;
    else await taken.release();
  } catch {
    // A battery saver may say no; driving works without.
  }
}
