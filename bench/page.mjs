// How long a page takes in Chromium on a phone profile: node bench/page.mjs URL [LOADS]
//
// Prints a JSON object: for each load, which is the first one of a browser without a cache, the milliseconds from navigation to the
// load event and until the page shows the robot (Joywire's, when its state is shown) or is connected (the original's, which shows
// nothing by itself), and how many requests and bytes that took.
import { chromium, devices } from "playwright-core";

const [url, loads = "5"] = process.argv.slice(2);
if (!url) {
  console.error("usage: node bench/page.mjs URL [LOADS]");
  process.exit(2);
}
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
const GIVE_UP_MS = 15_000;

/** In the page: notes the moment in which it first shows the robot. */
function watch() {
  const shows = () => {
    const { state } = document.body?.dataset ?? {};
    return state !== undefined && state !== "connecting";
  };
  new MutationObserver((_, observer) => {
    if (!shows()) return;
    window.shownAt = performance.now();
    observer.disconnect();
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"] });
}

/** In the page: when it showed the robot, or was connected. */
async function shown(patience) {
  const end = performance.now() + patience;
  while (performance.now() < end) {
    if (window.shownAt) return window.shownAt;
    // The original's page has its client as a name of its own.
    if (typeof socket !== "undefined" && socket.connected) return performance.now();
    await new Promise((resume) => setTimeout(resume, 1));
  }
  return null;
}

async function load(browser) {
  const context = await browser.newContext({ ...devices["Pixel 7"], ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    const found = { requests: 0, bytes: 0 };
    const weights = [];
    page.on("requestfinished", (request) => {
      found.requests += 1;
      weights.push(request.sizes().then(({ responseBodySize }) => (found.bytes += responseBodySize), () => {}));
    });
    await page.addInitScript(watch);
    await page.goto(url, { waitUntil: "load" });
    found.shown_ms = await page.evaluate(shown, GIVE_UP_MS);
    found.load_ms = await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventStart);
    await Promise.all(weights);
    return found;
  } finally {
    await context.close();
  }
}

const browser = await chromium.launch({ executablePath, args: quiet });
try {
  // The browser's own start is nobody's.
  await load(browser);
  const found = [];
  for (let index = 0; index < Number(loads); index += 1) found.push(await load(browser));
  console.log(JSON.stringify({ browser: browser.version(), loads: found }));
} finally {
  await browser.close();
}
