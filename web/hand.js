// Puts the stick on the side of the thumb before the first paint, so that nothing moves after it.
"use strict";
try {
  document.documentElement.dataset.hand = localStorage.getItem("joywire.hand") === "left" ? "left" : "right";
} catch {
  // Private windows have no memory: the stick is on the right.
}
