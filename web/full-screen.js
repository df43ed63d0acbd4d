// The whole screen for the controls, where the browser gives it.

/**
 * Wires a button that enters and leaves the full screen.
 * @param {HTMLElement} button
 * @param {(full: boolean) => void} show
 * @returns {boolean} false where the browser has none: iPhones have it from the home screen only
 */
export function wireFullScreen(button, show) {
  const page = document.documentElement;
  if (!document.fullscreenEnabled || !page.requestFullscreen) return false;
  button.addEventListener("click", () => {
    const done = document.fullscreenElement ? document.exitFullscreen() : page.requestFullscreen({ navigationUI: "hide" });
    // It may refuse without a finger on the button; nothing depends on it.
    done.catch(() => {});
  });
  document.addEventListener("fullscreenchange", () => show(document.fullscreenElement !== null));
  show(false);
  return true;
}
