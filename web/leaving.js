// Every way in which a hand leaves the controls without lifting a finger.

/**
 * Calls back when the page can no longer be sure of the hands on it.
 * @param {(gone: boolean) => void} leave `gone` when the page itself is out of sight
 */
export function onLeaving(leave) {
  addEventListener("blur", () => leave(false));
  addEventListener("pagehide", () => leave(true));
  addEventListener("orientationchange", () => leave(false));
  screen.orientation?.addEventListener?.("change", () => leave(false));
  document.addEventListener("freeze", () => leave(true));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") leave(true);
  });
}
