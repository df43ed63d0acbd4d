// Lets a page meet a relay that it does not have here: another role, a closed door, an operator's list.

/** Notes what a phone is asked to do: its screen's lock, its motor. */
export async function watchPhone(page) {
  await page.addInitScript(() => {
    window.felt = [];
    window.locks = 0;
    navigator.vibrate = (pattern) => window.felt.push(pattern);
    const lock = { addEventListener() {}, release: async () => (window.locks -= 1) };
    Object.defineProperty(navigator, "wakeLock", { value: { request: async () => ((window.locks += 1), lock) } });
  });
}

/**
 * Puts words into the relay's mouth. `role` is what the page is told to be; while `window.barred` is true no socket
 * opens, and `window.cut` ends the one that is; `access` events are answered here, from `window.access`.
 */
export async function disguise(page, { role = "operator", barred = false, access = { waiting: [], devices: [] } } = {}) {
  await page.addInitScript(
    ({ role, barred, access }) => {
      const Native = window.WebSocket;
      Object.assign(window, { barred, access, sent: [], asked: [], invitations: 0 });
      const rows = Array.from({ length: 29 }, (_, down) =>
        Array.from({ length: 29 }, (_, right) => ((down * 7 + right * 3 + down * right) % 3 === 0 ? "#" : " ")).join(""),
      );
      let hear = () => {};
      window.pushAccess = (next) => {
        window.access = next;
        hear(`42["access",${JSON.stringify(next)}]`);
      };
      const answer = (request) => {
        window.asked.push(request);
        const { waiting, devices } = window.access;
        const who = waiting.find(({ id }) => id === request.id);
        if (request.do === "approve" && who) devices.push({ ...who, paired: 1, seen: 1, here: true });
        if (request.do === "approve" || request.do === "deny") waiting.splice(waiting.indexOf(who), 1);
        if (request.do === "revoke") devices.splice(devices.findIndex(({ id }) => id === request.id), 1);
        if (request.do !== "invite") return { ok: true, why: null, access: window.access, invite: null };
        window.invitations += 1;
        const url = `https://192.168.1.7:8080/p#abcdefghijklmnopqrst${String(window.invitations).padStart(2, "0")}`;
        return { ok: true, why: null, access: window.access, invite: { url, role: request.role, seconds: window.seconds ?? 120, qr: rows } };
      };
      window.WebSocket = class extends Native {
        constructor(url) {
          if (window.barred) {
            const closed = { readyState: 3, send() {}, close() {} };
            setTimeout(() => closed.onclose?.(), 5);
            return closed;
          }
          super(url);
          window.cut = () => this.close();
        }

        set onmessage(run) {
          hear = (data) => run({ data });
          super.onmessage = ({ data }) => {
            const welcome = typeof data === "string" && data.startsWith('42["welcome"');
            run({ data: welcome ? data.replace(/"role":"\w+"/, `"role":"${role}"`) : data });
          };
        }

        send(text) {
          window.sent.push(text);
          const [, id, body] = /^42(\d+)\["access",(.*)\]$/s.exec(text) ?? [];
          if (id === undefined) super.send(text);
          else setTimeout(() => hear(`43${id}[${JSON.stringify(answer(JSON.parse(body)))}]`), 5);
        }
      };
    },
    { role, barred, access },
  );
}

/**
 * Lets the page believe in another robot: `robot` is laid over its card, `telemetry` over every report of it. What the
 * page sends goes to the real one, and stands in `window.samples` as well.
 */
export async function pretend(page, { robot = {}, telemetry = {} } = {}) {
  await page.addInitScript(
    ({ robot, telemetry }) => {
      const Native = window.WebSocket;
      window.samples = [];
      window.WebSocket = class extends Native {
        set onmessage(run) {
          super.onmessage = ({ data }) => {
            const [, name] = /^42\["(welcome|telemetry)",/.exec(data) ?? [];
            if (!name) return run({ data });
            const [, body] = JSON.parse(data.slice(2));
            Object.assign(name === "welcome" ? body.telemetry : body, telemetry);
            if (name === "welcome") Object.assign(body.robot, robot);
            return run({ data: `42${JSON.stringify([name, body])}` });
          };
        }

        send(text) {
          const [, body] = /^42\["drive",(.*)\]$/s.exec(text) ?? [];
          if (body) window.samples.push({ at: performance.now(), ...JSON.parse(body) });
          super.send(text);
        }
      };
    },
    { robot, telemetry },
  );
}

/**
 * Plugs in a gamepad as a browser shows it. In the page, `window.push(x, y)` moves its left stick, right and forward,
 * `window.press(button, pressed)` a button; a living pad trembles, and `window.alive = false` ends that.
 */
export async function plugIn(page, { mapping = "standard", axes = [0, 0, 0, 0], alive = true } = {}) {
  await page.addInitScript(
    ({ mapping, axes, alive }) => {
      const buttons = Array.from({ length: 17 }, () => ({ pressed: false, touched: false, value: 0 }));
      const id = "Test Pad (STANDARD GAMEPAD Vendor: 045e Product: 02fd)";
      const vibrationActuator = { playEffect: async () => (window.rumbles += 1) };
      const pad = { index: 0, id, mapping, connected: true, timestamp: 1, axes, buttons, vibrationActuator };
      Object.assign(window, { pad, alive, rumbles: 0, looks: 0 });
      window.push = (x, y) => {
        pad.axes = [x, -y, 0, 0];
        pad.timestamp = performance.now();
      };
      window.press = (button, pressed) => {
        buttons[button] = { pressed, touched: pressed, value: Number(pressed) };
        pad.timestamp = performance.now();
      };
      setInterval(() => {
        // Some systems take the time anew at every look: it proves no hand.
        pad.timestamp = performance.now();
        if (window.alive) pad.axes = pad.axes.map((axis) => (axis === 0 ? 0 : axis + (Math.random() - 0.5) / 1e6));
      }, 50);
      navigator.getGamepads = () => {
        window.looks += 1;
        return [window.pad, null, null, null];
      };
    },
    { mapping, axes, alive },
  );
}
