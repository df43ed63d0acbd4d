// Wires the page together: hands to samples, telemetry to panels.
import * as event from "./events.js";
import { AccessList } from "./access.js";
import { AccessPanel } from "./access-panel.js";
import { Buzz } from "./buzz.js";
import { Chain } from "./chain.js";
import { Chat } from "./chat.js";
import { Drive } from "./drive.js";
import { Fleet, RobotLine } from "./fleet.js";
import { GamepadPoll } from "./gamepad-poll.js";
import { PadHand } from "./gamepad.js";
import { Hud, part, write } from "./hud.js";
import { listenToKeys } from "./keys.js";
import { onLeaving } from "./leaving.js";
import { RobotMap } from "./map.js";
import { keep, recall } from "./memory.js";
import { Pad } from "./pad.js";
import { Pairing, takeCode } from "./pair.js";
import { PairScreen } from "./pair-screen.js";
import { wireReset } from "./reset-button.js";
import { SeatRow } from "./seat.js";
import { Settings } from "./settings.js";
import { SettingsSheet } from "./settings-sheet.js";
import { Socket } from "./socket.js";
import { wireSpeed } from "./speed.js";
import { broken, cause, judge } from "./status.js";
import { Reset, Stop } from "./stop.js";
import { ALONE, CROSS, SLIDE, TANK, Thumbs } from "./thumbs.js";
import { TiltPad } from "./tilt-pad.js";
import { Toasts } from "./toast.js";
import { Wake } from "./wake.js";
import { inWords, said, t } from "./words.js";

const ECHO_MS = 1000;
/** While telemetry is missing the relay is asked this often whether it is there, ms. */
const DOUBT_MS = 250;
/** Telemetry is missing after this long, ms. */
const MISSING_MS = 500;
/** The seat of one robot is left before the next one is gone to, unless that takes longer than this, ms. */
const LEAVE_MS = 500;
const LOOK_MS = 100;

const address = new URLSearchParams(location.search).get("robot");
const code = takeCode(location, history);
const settings = new Settings();
const buzz = new Buzz();
const wake = new Wake();
const settingsSheet = new SettingsSheet(settings, { wake: wake.able, vibration: buzz.able });
const scheme = location.protocol === "https:" ? "wss" : "ws";
const socket = new Socket(`${scheme}://${location.host}/socket.io/?EIO=4&transport=websocket`);
const fleet = new Fleet(address ?? recall("robot"));
const line = new RobotLine(socket, fleet);
const drive = new Drive(line);
const stop = new Stop(line);
const reset = new Reset(line);
const chain = new Chain(/** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".chain")));
const hud = new Hud();
const seatRow = new SeatRow(drive);
const toasts = new Toasts(part("toasts"));
const chat = new Chat(socket, (why, code) => toasts.say(why, code));
const pairing = new Pairing();
const pairScreen = new PairScreen(pairing);
const accessList = new AccessList(socket);
const accessPanel = new AccessPanel(accessList, fleet);
const map = new RobotMap(/** @type {HTMLCanvasElement} */ (part("map-canvas")), part("map-scale"));

/** @type {Telemetry | null} */
let telemetry = null;
let heardAt = -Infinity;
let met = false;
/** Comes when it is first opened: most people never calibrate. @type {Awaited<ReturnType<typeof import("./calibrate-panel.js").calibration>> | null} */
let calibration = null;
/** Comes when it is first opened. @type {ReturnType<typeof import("./details.js").details> | null} */
let details = null;
/** Comes when it is first opened. @type {Awaited<ReturnType<typeof import("./journal-panel.js").journalPanel>> | null} */
let journal = null;
/** Comes with the second robot, or in the lobby. @type {Awaited<ReturnType<typeof import("./robots-panel.js").robotsPanel>> | null} */
let robots = null;
/** The robot that was chosen last, while its predecessor is being left. */
let chosen = "";
let trouble = "";
let painting = false;
/** @type {Set<number>} who was in the queue when it was last looked at */
let asked = new Set();
/** Whether this page stood in the queue when it was last looked at. */
let waited = false;

/** Shows everything once a frame at most, however fast telemetry comes. */
function repaint() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    paint();
  });
}

function paint() {
  const silence = performance.now() - heardAt;
  /** @type {import("./status.js").Situation} */
  const now = {
    ready: socket.ready,
    met,
    trouble,
    silence_ms: silence,
    quiet_ms: socket.silence_ms,
    telemetry,
    seat: drive.seat,
    mine: drive.mine,
    role: fleet.role ?? "viewer",
    missing: fleet.missing,
  };
  const status = judge(now);
  hud.state(status);
  chain.show(broken(now), cause(now), drive.mine);
  calibration?.look(status);
  journal?.look(telemetry);
  hud.gamepad(padHand.pad);
  if (poll.able) settingsSheet.rumbles();
  seatRow.show();
  document.body.dataset.role = fleet.role ?? "none";
  if (["lost", "connecting", "choosing"].includes(status.view) || !telemetry) hud.blank();
  else {
    hud.telemetry(telemetry);
    details?.show(telemetry);
    map.move(telemetry.pose);
  }
  const latched = status.view === "latched";
  const mayReset = drive.welcome?.role === "operator";
  part("reset").hidden = !mayReset;
  part("reset-who").hidden = mayReset;
  if (!latched) reset.release();
}

/** @param {Telemetry} newest */
function hear(newest) {
  telemetry = newest;
  heardAt = performance.now();
  drive.heard(newest);
  repaint();
}

socket.on(event.WELCOME, (...args) => {
  const welcome = /** @type {Welcome} */ (event.payload(args));
  met = true;
  pairing.welcomed();
  if (welcome.version > event.VERSION) {
    toasts.say(t("main.old"), "version");
  }
  accessList.welcomed(welcome.role);
  part("journal-open").hidden = welcome.role !== "operator";
  if (!fleet.welcomed(welcome)) {
    drive.lost();
    telemetry = null;
    part("calibrate-open").hidden = true;
    hud.nobody();
    return repaint();
  }
  hud.robot(welcome.robot, fleet.several);
  fit(welcome.robot);
  part("calibrate-open").hidden = welcome.role !== "operator" || welcome.robot.simulated;
  drive.welcomed(welcome);
  journal?.welcomed();
  return hear(welcome.telemetry);
});
// In the lobby nothing is heard of a robot: what was on its way is of the last one.
socket.on(event.TELEMETRY, (...args) => {
  if (fleet.here) hear(/** @type {Telemetry} */ (event.payload(args)));
});
socket.on(event.SEAT, (...args) => {
  if (fleet.here) drive.seated(/** @type {SeatView} */ (event.payload(args)));
});
socket.on(event.ROBOTS, (...args) => fleet.heard(args[0]));
socket.on(event.REFUSED, (...args) => {
  const { event: what, why, code } = /** @type {Refused} */ (event.payload(args));
  // The lobby says so itself.
  if (what === event.WELCOME && fleet.lobby) return;
  if (what === event.DRIVE) refuse(said(code, why), code);
  else toasts.say(said(code, why), code);
});
socket.on(event.ACCESS, (...args) => accessList.heard(event.payload(args)));
accessList.onwaiting = (name) => {
  if (accessPanel.sheet.shown) return;
  // The number must be compared first, so this only leads to where it is shown.
  toasts.say(t("devices.waits", { name }), `waits-${name}`, { label: t("devices.look"), run: () => accessPanel.sheet.show(true) });
};
accessList.onanswered = (name) => toasts.unsay(`waits-${name}`);
socket.onlost = (why) => {
  trouble = why.charAt(0).toUpperCase() + why.slice(1);
  drive.lost();
  fleet.lost();
  accessList.lost();
  void pairing.look();
  repaint();
};
pairing.onopen = () => socket.open();
pairing.onclose = () => socket.close();
pairing.onhome = (home) => location.assign(home);

fleet.onmove = () => {
  map.forget();
  chat.forget();
  calibration?.forget();
  journal?.forget();
};
fleet.onchange = () => {
  document.body.toggleAttribute("data-lobby", fleet.lobby);
  const other = document.body.hasAttribute("data-fleet") !== fleet.several;
  document.body.toggleAttribute("data-fleet", fleet.several);
  part("robots-toggle").hidden = !fleet.several;
  socket.auth.robot = fleet.asked || undefined;
  if (fleet.several && fleet.here) remember(fleet.here);
  if (other && fleet.here && drive.welcome) hud.robot(drive.welcome.robot, fleet.several);
  if (fleet.lobby) void showRobots();
  robots?.show();
  accessPanel.show();
  journal?.show();
  repaint();
};
socket.auth.robot = fleet.asked || undefined;

/** The same robot at the next visit, after a reload, and from a copied address. @param {string} name */
function remember(name) {
  keep("robot", name);
  const query = `?robot=${encodeURIComponent(name)}`;
  if (new URLSearchParams(location.search).get("robot") !== name) history.replaceState(null, "", query);
}

/** @param {boolean} [open] over the map, as somebody asked for it */
async function showRobots(open = false) {
  try {
    const panel = await (await import("./robots-panel.js")).robotsPanel(fleet, socket);
    if (!robots) {
      robots = panel;
      robots.onchoose = (name) => void choose(name);
      robots.sheet.onopen = () => drive.letGo();
    }
    if (open) robots.sheet.show(true);
    robots.show();
  } catch {
    toasts.say(t("socket.offline"), "robots");
  }
}
// From then on the sheet has its button to itself.
part("robots-toggle").addEventListener("click", () => {
  if (!robots) void showRobots(true);
});

/** Goes to another robot: lets go of this one, leaves its seat, and asks the relay anew. @param {string} name */
async function choose(name) {
  chosen = name;
  if (name === fleet.here) return;
  drive.letGo();
  reset.release();
  if (drive.mine || waited) await Promise.race([drive.leave(), new Promise((done) => setTimeout(done, LEAVE_MS))]);
  if (chosen !== name) return;
  if (stop.waiting) toasts.say(t("robots.stopLost"), "stop");
  stop.forget();
  fleet.ask(name);
  remember(name);
  socket.auth.robot = name;
  met = false;
  telemetry = null;
  socket.renew();
  trouble = "";
  repaint();
}

drive.onchange = () => {
  repaint();
  void wake.keep(drive.mine);
  if (!drive.seat.holder || drive.mine) toasts.unsay("taken");
  if (waited && drive.mine) toasts.say(t("seat.yours"), "yours");
  waited = drive.seat.queue.some((person) => person.id === drive.welcome?.you.id);
  if (!drive.mine) {
    asked.clear();
    return;
  }
  for (const person of drive.seat.queue) {
    if (asked.has(person.id)) continue;
    toasts.say(t("seat.asksFor", { name: person.name }), `ask-${person.id}`, {
      label: t("seat.give"),
      run: () => void drive.give(person.id),
    });
  }
  asked = new Set(drive.seat.queue.map((person) => person.id));
};
/**
 * Says it where whoever held something looks.
 * @param {string} why
 * @param {string} code
 */
function refuse(why, code) {
  if (fleet.lobby) return toasts.say(t("robots.first"), "lobby");
  if (calibration?.refused(why) && code !== "taken") return undefined;
  const action = code === "taken" ? { label: t("seat.askFor"), run: () => void drive.ask() } : undefined;
  return toasts.say(why, code, action);
}
drive.onrefused = refuse;
drive.onunseated = () => buzz.seatLost();

/** @param {string} source */
const source = (source) => ({
  /** @type {Hand["hold"]} */
  hold: (x, y, strafe, pace) => drive.hold(source, x, y, strafe, pace),
  release: () => drive.release(source),
});
const stick = new Thumbs(part("stick"), part("turn"), source("stick"), ALONE);
const thumbs = new Thumbs(part("ahead"), part("aside"), source("thumbs"), CROSS);
const tank = new Thumbs(part("left-side"), part("right-side"), source("tank"), TANK);
const tilt = new TiltPad(part("tilt"), part("bubble"), source("tilt"));
tilt.ontrouble = (why) => toasts.say(why, "tilt");
new Pad(part("pad"), { ...source("pad"), halt: () => drive.letGo() });

/** A robot that goes sideways has one control more. @param {RobotCard} robot */
function fit({ wheels = "differential", strafe = false }) {
  map.wheels(wheels !== "differential");
  const page = document.documentElement.dataset;
  if (strafe) page.sideways = "yes";
  else delete page.sideways;
  keep("sideways", strafe ? "yes" : "no");
  stick.how = strafe ? SLIDE : ALONE;
  thumbs.how = strafe ? SLIDE : CROSS;
  const words = strafe ? "thumbs.move" : "thumbs.ahead";
  part("ahead").dataset.tAriaLabel = words;
  part("ahead").setAttribute("aria-label", t(words));
  styleOfPad();
}

/** @param {string} how */
function halt(how) {
  // A page that is not let in can stop nothing, and must not do so later, when it is.
  if (pairScreen.shown) return;
  if (fleet.lobby) return toasts.say(t("robots.first"), "lobby");
  drive.letGo();
  buzz.stop();
  return stop.press(how);
}
listenToKeys({ ...source("keys"), stop: () => halt("space bar"), sideways: () => drive.sideways });
part("stop").addEventListener("pointerdown", (press) => {
  if (press.button === 0) halt("STOP pressed");
});
// A click without a pointer comes from a keyboard or a screen reader.
part("stop").addEventListener("click", (click) => {
  if (click.detail === 0) halt("STOP pressed");
});
stop.onchange = (waiting) => {
  document.body.classList.toggle("stopping", waiting);
  write(part("stop-note"), waiting ? t("stop.waiting") : "");
};
stop.ondoubt = (why) => toasts.say(why, "stop");

const resetHold = () => drive.welcome?.limits.reset_hold_ms ?? 2000;
wireReset(reset, resetHold);
reset.onrefused = (why) => toasts.say(why, "reset");

const padHand = new PadHand(source("gamepad"));
/** The pad's sticks do what those on the glass do. */
function styleOfPad() {
  padHand.style = settings.get("steer") === "tank" ? "tank" : drive.sideways ? "strafe" : "arcade";
}
padHand.onstop = () => halt("STOP on the gamepad");
padHand.onseat = () => {
  if (pairScreen.shown) return;
  if (drive.mine) void drive.leave();
  else void drive.take();
};
padHand.onreset = (down) => {
  if (!down) return reset.release();
  if (telemetry?.state !== "latched" || !socket.ready) return undefined;
  if (drive.welcome?.role !== "operator") return toasts.say(t("reset.who"), "reset");
  return void reset.press(resetHold());
};
padHand.onmet = (name, known) => {
  const sticks = { arcade: t("gamepad.arcade"), tank: t("gamepad.tank"), strafe: t("gamepad.strafe"), curvature: t("gamepad.arcade") };
  const words = known ? t("gamepad.met", { name, sticks: sticks[padHand.style] }) : t("gamepad.unknown", { name });
  toasts.say(words, `gamepad ${name}`);
};
padHand.onsilence = () => toasts.say(t("gamepad.silent"), "gamepad silent");
padHand.onchange = () => repaint();
const poll = new GamepadPoll(padHand);
buzz.onshake = () => poll.rumble();

onLeaving((gone) => {
  drive.letGo();
  reset.release();
  if (gone && (drive.mine || waited)) void drive.leave();
});

wireSpeed(/** @type {HTMLInputElement} */ (part("speed")), part("speed-words"), (share) => (drive.speed = share));
/** @param {number} steps */
const zoom = (steps) => {
  const { nearest, farthest } = map.zoom(steps);
  /** @type {HTMLButtonElement} */ (part("zoom-in")).disabled = nearest;
  /** @type {HTMLButtonElement} */ (part("zoom-out")).disabled = farthest;
};
part("zoom-in").addEventListener("click", () => zoom(1));
part("zoom-out").addEventListener("click", () => zoom(-1));

/** Tilting begins with a question to the phone, and goes back to the stick if the answer is no. */
async function steer() {
  drive.letGo();
  for (const hand of [stick, thumbs, tank]) hand.drop();
  styleOfPad();
  const tilting = settings.get("steer") === "tilt";
  tilt.listen(tilting);
  settingsSheet.note("");
  if (!tilting || (await tilt.allow())) return;
  settings.set("steer", "stick");
  settingsSheet.note(t(TiltPad.able ? "tilt.denied" : "tilt.missing"));
}
settings.onchange = (what) => {
  drive.letGo();
  settingsSheet.apply(what);
  if (what === "steer") void steer();
  if (what === "contrast") map.recolour();
  if (what === "vibration") buzz.wanted = settings.get("vibration") === "on";
};
buzz.wanted = settings.get("vibration") === "on";
if (settings.get("steer") === "tilt") {
  tilt.listen(true);
  // Most phones say yes without a question; an iPhone asks at the first tap on the pad.
  void tilt.allow();
}
// Whoever reads a sheet does not drive; the wheels are not left to a thumb that may have slipped.
settingsSheet.sheet.onopen = () => drive.letGo();
accessPanel.sheet.onopen = () => {
  drive.letGo();
  for (const { name } of accessList.view.waiting) toasts.unsay(`waits-${name}`);
};

part("calibrate-open").addEventListener("click", async () => {
  try {
    calibration = await (await import("./calibrate-panel.js")).calibration(drive, line);
    calibration.open();
  } catch {
    toasts.say(t("socket.offline"), "calibrate");
  }
});

part("journal-open").addEventListener("click", async () => {
  try {
    journal = await (await import("./journal-panel.js")).journalPanel(fleet, socket, line);
    journal.sheet.onopen = () => drive.letGo();
    journal.sheet.show(true);
  } catch {
    toasts.say(t("socket.offline"), "journal");
  }
});
part("details-open").addEventListener("click", async (click) => {
  if (details) return;
  // From then on the button opens it by itself.
  click.preventDefault();
  try {
    details ??= (await import("./details.js")).details();
    part("details").showPopover();
    if (telemetry) details.show(telemetry);
  } catch {
    toasts.say(t("socket.offline"), "details");
  }
});

let echoedAt = -Infinity;
setInterval(() => {
  const sent = performance.now();
  const missing = fleet.here !== "" && sent - heardAt > MISSING_MS;
  // Timers are never quite on time.
  if (!socket.ready || (!missing && sent - echoedAt < ECHO_MS - DOUBT_MS / 2)) return;
  echoedAt = sent;
  socket.request(event.ECHO, [], 2 * ECHO_MS).then(
    () => hud.roundTrip(performance.now() - sent),
    () => hud.roundTrip(null),
  );
}, DOUBT_MS);
setInterval(repaint, LOOK_MS);
inWords(() => {
  if (drive.welcome) hud.robot(drive.welcome.robot, fleet.several);
  repaint();
});
addEventListener("online", () => socket.hurry());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  socket.hurry();
  if (pairing.door.step === "stranger") void pairing.look();
});
// A page that comes back from the browser's cache has a dead connection.
addEventListener("pageshow", (show) => {
  if (show.persisted) socket.hurry();
});
pairing.start(code);
