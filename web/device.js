// What to call this device when it asks to be let in: the person at the robot's computer should know it again.

const LONGEST = 32;

/** @type {[RegExp, string][]} */
const BROWSERS = [
  [/Edg\//, "Edge"],
  [/Firefox\//, "Firefox"],
  [/Chrom(e|ium)\//, "Chrome"],
  [/Safari\//, "Safari"],
];
/** @type {[RegExp, string][]} */
const SYSTEMS = [
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "Mac"],
  [/CrOS/, "ChromeOS"],
  [/Linux|X11/, "Linux"],
];

/**
 * A name from what a browser says of itself.
 * @param {string} agent its user agent
 * @param {number} [fingers] that its glass can tell apart: an iPad calls itself a Mac
 * @param {string} [model] if the browser was willing to name it
 */
export function guess(agent, fingers = 0, model = "") {
  if (model.trim()) return model.trim().slice(0, LONGEST);
  if (/iPhone/.test(agent)) return "iPhone";
  if (/iPad/.test(agent) || (/Macintosh/.test(agent) && fingers > 1)) return "iPad";
  if (/Android/.test(agent)) {
    // Newer browsers say K for every model, and Firefox names none.
    const named = /Android [\d.]+; ([^;)]+?)(?: Build\/[^;)]*)?\)/.exec(agent)?.[1] ?? "";
    if (named.length > 1 && !/^(Mobile|Tablet|rv:)/.test(named)) return named.slice(0, LONGEST);
    return /Mobile/.test(agent) ? "Android phone" : "Android tablet";
  }
  const browser = BROWSERS.find(([mark]) => mark.test(agent))?.[1] ?? "Browser";
  const system = SYSTEMS.find(([mark]) => mark.test(agent))?.[1];
  return system ? `${browser} on ${system}` : browser;
}

/** The name of the device that shows this page. @returns {Promise<string>} */
export async function thisDevice() {
  const { userAgent, maxTouchPoints } = navigator;
  let model = "";
  try {
    model = (await /** @type {any} */ (navigator).userAgentData?.getHighEntropyValues(["model"]))?.model ?? "";
  } catch {
    // It would rather not say.
  }
  return guess(userAgent, maxTouchPoints, model);
}
