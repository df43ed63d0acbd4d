// Puts what shapes the page in its place before the first paint, so that nothing moves after it; settings.js knows more.
"use strict";
(() => {
  const page = document.documentElement.dataset;
  /** @param {string} key */
  const recall = (key) => {
    try {
      return localStorage.getItem(`joywire.${key}`);
    } catch {
      // Private windows have no memory: everything is as it comes.
      return null;
    }
  };
  page.hand = recall("hand") === "left" ? "left" : "right";
  const steer = recall("steer") ?? "";
  page.steer = ["thumbs", "tank", "tilt"].includes(steer) ? steer : "stick";
  // As the robot was at the last visit; it may be another now, and says so.
  if (recall("sideways") === "yes") page.sideways = "yes";
  const contrast = recall("contrast");
  const more = contrast === "more" || (contrast !== "normal" && matchMedia("(prefers-contrast: more)").matches);
  page.contrast = more ? "more" : "normal";
})();
