// A phone that meets the robot for the first time: warned without the certificate, welcome with it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium, devices } from "playwright-core";
import { Robot, freePort, launch, screens, screenshots } from "./harness.mjs";

let robot;
let open; // Where the page is served over plain HTTP.
let browser;

before(async () => {
  mkdirSync(screenshots, { recursive: true });
  const port = await freePort();
  open = `http://127.0.0.1:${port}`;
  robot = await Robot.start(`[server]\npublic = true\ntrust_port = ${port}\n[robot]\nname = "Rover & Söhne"\n`);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await robot?.stop();
});

async function download(path) {
  const answer = await fetch(`${open}${path}`);
  assert.equal(answer.status, 200, path);
  return Buffer.from(await answer.arrayBuffer());
}

/** A browser with a home of its own, in which `certificate` is trusted if there is one. */
async function newcomer(certificate, ...more) {
  const home = mkdtempSync(join(tmpdir(), "joywire-newcomer-"));
  const store = join(home, ".pki/nssdb");
  mkdirSync(store, { recursive: true });
  const certutil = (...args) => execFileSync("certutil", ["-d", `sql:${store}`, ...args]);
  certutil("-N", "--empty-password");
  if (certificate) {
    const file = join(home, "joywire.crt");
    writeFileSync(file, certificate);
    certutil("-A", "-t", "C,,", "-n", "Joywire", "-i", file);
  }
  const context = await chromium.launchPersistentContext(join(home, "profile"), {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-quic", ...more],
    env: { ...process.env, HOME: home, XDG_DATA_HOME: join(home, ".local/share"), XDG_CONFIG_HOME: join(home, ".config") },
  });
  const close = async () => {
    await context.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, close };
}

// Goal: whoever installs the certificate sees the robot and no warning; whoever does not is warned.
test("browser trusts the robot once it trusts the certificate, and not before", async () => {
  const certificate = await download("/joywire.crt");
  const port = new URL(robot.url).port;
  const addresses = [`https://localhost:${port}/`, `https://127.0.0.1:${port}/`, `https://[::1]:${port}/`];
  for (const trusted of [false, true]) {
    const { context, close } = await newcomer(trusted ? certificate : null);
    try {
      for (const address of addresses) {
        const page = await context.newPage();
        if (!trusted) {
          await assert.rejects(page.goto(address), /ERR_CERT_AUTHORITY_INVALID/, address);
          continue;
        }
        const answer = await page.goto(address);
        const details = await answer.securityDetails();
        assert.equal(answer.status(), 200, address);
        assert.match(details.issuer, /^Joywire .*own authority/);
        assert.equal(details.protocol, "TLS 1.3");
        assert.ok(await page.evaluate(() => isSecureContext), "a page that may use gamepads and keep the screen on");
        await page.waitForFunction(() => document.body.dataset.state === "ready", null, { timeout: 20_000 });
        await page.close();
      }
    } finally {
      await close();
    }
  }
});

// Goal: whoever steals the authority's key cannot pose as a bank to those who trust it.
test("browser believes the authority within its bounds alone", async () => {
  const home = mkdtempSync(join(tmpdir(), "joywire-stolen-"));
  const file = (name) => join(home, name);
  const openssl = (...args) => execFileSync("openssl", args, { cwd: home, stdio: "pipe" });
  const victim = await Robot.start(`[data]\ndir = "${home}"\n`);
  await victim.stop();
  const authority = file("tls/authority.pem");
  const request = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=stolen"];
  openssl("req", ...request, "-keyout", "key.pem", "-out", "request.pem");
  const certificate = openssl("x509", "-in", authority, "-outform", "DER");
  try {
    for (const [name, believed] of [["printer.local", true], ["bank.example.org", false], ["8.8.8.8", false]]) {
      const kind = /^[\d.]+$/.test(name) ? "IP" : "DNS";
      writeFileSync(file("names.cnf"), `subjectAltName=${kind}:${name}\nextendedKeyUsage=serverAuth\n`);
      const sign = ["-CA", authority, "-CAkey", authority, "-CAcreateserial", "-days", "90", "-extfile", "names.cnf"];
      openssl("x509", "-req", "-in", "request.pem", ...sign, "-out", "cert.pem");
      const thief = await Robot.start(`[tls]\ncert = "${file("cert.pem")}"\nkey = "${file("key.pem")}"\n`);
      const rules = `--host-resolver-rules=MAP * 127.0.0.1:${thief.port}`;
      const { context, close } = await newcomer(certificate, rules);
      try {
        const visit = (await context.newPage()).goto(`https://${name}/`);
        if (believed) assert.ok((await visit).status() > 0);
        else await assert.rejects(visit, /ERR_CERT_/, name);
      } finally {
        await close();
        await thief.stop();
      }
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

// Goal: someone who typed http, or came by a link of the page, arrives at the robot.
test("plain addresses lead to the robot", async () => {
  const { context, close } = await newcomer(await download("/joywire.crt"));
  try {
    const page = await context.newPage();
    await page.goto(robot.url.replace("https:", "http:"));
    assert.equal(new URL(page.url()).protocol, "https:");
    await page.goto(`${open}/trust`);
    await page.getByRole("link", { name: "Open the robot" }).click();
    await page.waitForURL(`https://127.0.0.1:${new URL(robot.url).port}/`);
    await page.waitForFunction(() => document.body.dataset.state === "ready", null, { timeout: 20_000 });
  } finally {
    await close();
  }
});

// Goal: what phones fetch is the certificate whose fingerprint the page tells.
test("fingerprint on the page is that of the certificate", async () => {
  const certificate = await download("/joywire.crt");
  const fingerprint = createHash("sha256").update(certificate).digest("hex").toUpperCase().match(/../g).join(":");
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  for (const address of [`${open}/trust`, `${robot.url}/trust`]) {
    await page.goto(address);
    assert.equal((await page.textContent(".fingerprint")).match(/[0-9A-F]{2}/g).join(":"), fingerprint);
  }
  await page.close();
  const profile = (await download("/joywire.mobileconfig")).toString();
  assert.ok(profile.includes(`<data>${certificate.toString("base64")}</data>`));
  assert.ok(profile.includes("Joywire: Rover &amp; Söhne"));
  // Python's parser of property lists stands in for Apple's.
  const parse = "import plistlib, sys; p = plistlib.loads(sys.stdin.buffer.read()); print(p['PayloadContent'][0]['PayloadType'])";
  assert.equal(execFileSync("python3", ["-c", parse], { input: profile }).toString().trim(), "com.apple.security.root");
});

// Goal: the page is read on any phone: nothing is cut off, nothing scrolls sideways, its own steps are open.
test("trust page fits every phone, light and dark", async () => {
  const agents = { android: devices["Pixel 7"].userAgent, apple: devices["iPhone 14"].userAgent };
  for (const [name, screen] of Object.entries(screens)) {
    for (const [kind, userAgent] of Object.entries(agents)) {
      const colorScheme = kind === "android" ? "dark" : "light";
      const context = await browser.newContext({ ...devices["Pixel 7"], viewport: screen, screen, userAgent, colorScheme });
      const page = await context.newPage();
      const complaints = [];
      page.on("console", (message) => {
        // Browsers say of every plain page that one of the protecting headers means nothing there.
        const expected = message.text().includes("Cross-Origin-Opener-Policy");
        if (["error", "warning"].includes(message.type()) && !expected) complaints.push(message.text());
      });
      await page.goto(`${open}/trust`);
      const opened = await page.locator("details[open] summary").allTextContents();
      assert.deepEqual(opened, [kind === "android" ? "Android" : "iPhone and iPad"]);
      await page.screenshot({ path: join(screenshots, `trust-${kind}-${name}.png`), fullPage: true });
      await page.evaluate(() => document.querySelectorAll("details").forEach((steps) => (steps.open = true)));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${kind} ${name}: ${wide} px too wide`);
      for (const target of await page.locator("summary, .button").all()) {
        const { height } = await target.boundingBox();
        assert.ok(height >= 48, `a target of ${height} px`);
      }
      const lines = await page.locator(".fingerprint span").evaluateAll((spans) => spans.map((span) => span.getClientRects().length));
      assert.deepEqual(lines, [1, 1, 1, 1], "a fingerprint breaks within eight bytes");
      assert.deepEqual(complaints, []);
      await context.close();
    }
  }
});
