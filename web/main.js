// Wires the page together: hands to samples, telemetry to panels.
import * as event from "./events.js";
import { AccessList } from "./access.js";
import { AccessPanel } from "./access-panel.js";
import { Buzz } from "./buzz.js";
import { Cable } from "./cable.js";
import { Chat } from "./chat.js";
import { Drive } from "./drive.js";
import { GamepadPoll } from "./gamepad-poll.js";
import { PadHand } from "./gamepad.js";
import { Hud, part, write } from "./hud.js";
import { listenToKeys } from "./keys.js";
import { onLeaving } from "./leaving.js";
import { RobotMap } from "./map.js";
import { keep } from "./memory.js";
import { Pad } from "./pad.js";
import { Pairing, takeCode } from "./pair.js";
import { PairScreen } from "./pair-screen.js";
import { wireReset } from "./reset-button.js";
import { SeatRow } from "./seat.js";
import { Settings } from "./settings.js";
import { SettingsSheet } from "./settings-sheet.js";
import { Socket } from "./socket.js";
import { wireSpeed } from "./speed.js";
import { judge } from "./status.js";
import { Reset, Stop } from "./stop.js";
import { ALONE, CROSS, SLIDE, TANK, Thumbs } from "./thumbs.js";
import { TiltPad } from "./tilt-pad.js";
import { Toasts } from "./toast.js";
import { Wake } from "./wake.js";
import { inWords, said, t } from "./words.js";

const ECHO_MS = 1000;
const LOOK_MS = 100;

const code = takeCode(location, history);
const settings = new Settings();
const buzz = new Buzz();
const wake = new Wake();
const settingsSheet = new SettingsSheet(settings, { wake: wake.able, vibration: buzz.able });
const scheme = location.protocol === "https:" ? "wss" : "ws";
const socket = new Socket(`${scheme}://${location.host}/socket.io/?EIO=4&transport=websocket`);
const drive = new Drive(socket);
const stop = new Stop(socket);
const reset = new Reset(socket);
const cable = new Cable();
const hud = new Hud();
const seatRow = new SeatRow(drive);
const toasts = new Toasts(part("toasts"));
new Chat(socket, (why, code) => toasts.say(why, code));
const pairing = new Pairing();
const pairScreen = new PairScreen(pairing);
const accessList = new AccessList(socket);
const accessPanel = new AccessPanel(accessList);
const map = new RobotMap(/** @type {HTMLCanvasElement} */ (part("map-canvas")), part("map-scale"));

/** @type {Telemetry | null} */
let telemetry = null;
let heardAt = -Infinity;
let met = false;
/** Comes when it is first opened: most people never calibrate. @type {Awaited<ReturnType<typeof import("./calibrate-panel.js").calibration>> | null} */
let calibration = null;
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
  const status = judge({
    ready: socket.ready,
    met,
    trouble,
    silence_ms: silence,
    telemetry,
    seat: drive.seat,
    mine: drive.mine,
    role: drive.welcome?.role ?? "viewer",
  });
  hud.state(status);
  calibration?.look(status);
  hud.gamepad(padHand.pad);
  if (poll.able) settingsSheet.rumbles();
  seatRow.show();
  document.body.dataset.role = drive.welcome?.role ?? "none";
  if (status.view === "lost" || status.view === "connecting" || !telemetry) hud.blank();
  else {
    hud.telemetry(telemetry);
    cable.show(telemetry.link);
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
  hud.robot(welcome.robot);
  fit(welcome.robot);
  part("calibrate-open").hidden = welcome.role !== "operator" || welcome.robot.simulated;
  drive.welcomed(welcome);
  hear(welcome.telemetry);
  accessList.welcomed(welcome.role);
});
socket.on(event.TELEMETRY, (...args) => hear(/** @type {Telemetry} */ (event.payload(args))));
socket.on(event.SEAT, (...args) => drive.seated(/** @type {SeatView} */ (event.payload(args))));
socket.on(event.REFUSED, (...args) => {
  const { event: what, why, code } = /** @type {Refused} */ (event.payload(args));
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
  accessList.lost();
  void pairing.look();
  repaint();
};
pairing.onopen = () => socket.open();
pairing.onclose = () => socket.close();
pairing.onhome = (home) => location.assign(home);

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
  if (calibration?.refused(why) && code !== "taken") return;
  const action = code === "taken" ? { label: t("seat.askFor"), run: () => void drive.ask() } : undefined;
  toasts.say(why, code, action);
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
  drive.letGo();
  buzz.stop();
  stop.press(how);
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
    calibration = await (await import("./calibrate-panel.js")).calibration(drive, socket);
    calibration.open();
  } catch {
    toasts.say(t("socket.offline"), "calibrate");
  }
});

setInterval(() => {
  if (!socket.ready) return;
  const sent = performance.now();
  socket.request(event.ECHO, [], 2 * ECHO_MS).then(
    () => hud.roundTrip(performance.now() - sent),
    () => hud.roundTrip(null),
  );
}, ECHO_MS);
setInterval(repaint, LOOK_MS);
inWords(() => {
  if (drive.welcome) hud.robot(drive.welcome.robot);
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
