// Wires the page together: hands to samples, telemetry to panels.
import * as event from "./events.js";
import { Cable } from "./cable.js";
import { Chat } from "./chat.js";
import { Drive } from "./drive.js";
import { Hud, part, write } from "./hud.js";
import { listenToKeys } from "./keys.js";
import { onLeaving } from "./leaving.js";
import { RobotMap } from "./map.js";
import { Pad } from "./pad.js";
import { SeatRow } from "./seat.js";
import { Socket } from "./socket.js";
import { wireSpeed } from "./speed.js";
import { judge } from "./status.js";
import { Stick } from "./stick.js";
import { Reset, Stop } from "./stop.js";
import { Toasts } from "./toast.js";
import { keepAwake } from "./wake.js";

const ECHO_MS = 1000;
const LOOK_MS = 100;

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
const map = new RobotMap(/** @type {HTMLCanvasElement} */ (part("map-canvas")), part("map-scale"));

/** @type {Telemetry | null} */
let telemetry = null;
let heardAt = -Infinity;
let met = false;
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
  seatRow.show();
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
  if (welcome.version > event.VERSION) {
    toasts.say("This page is older than the robot's program: reload it", "version");
  }
  hud.robot(welcome.robot);
  drive.welcomed(welcome);
  hear(welcome.telemetry);
});
socket.on(event.TELEMETRY, (...args) => hear(/** @type {Telemetry} */ (event.payload(args))));
socket.on(event.SEAT, (...args) => drive.seated(/** @type {SeatView} */ (event.payload(args))));
socket.on(event.REFUSED, (...args) => {
  const { why, code } = /** @type {Refused} */ (event.payload(args));
  toasts.say(why, code);
});
socket.onlost = (why) => {
  trouble = why.charAt(0).toUpperCase() + why.slice(1);
  drive.lost();
  repaint();
};

drive.onchange = () => {
  repaint();
  void keepAwake(drive.mine);
  if (!drive.seat.holder || drive.mine) toasts.unsay("taken");
  if (waited && drive.mine) toasts.say("The seat is yours: touch the stick", "yours");
  waited = drive.seat.queue.some((person) => person.id === drive.welcome?.you.id);
  if (!drive.mine) {
    asked.clear();
    return;
  }
  for (const person of drive.seat.queue) {
    if (asked.has(person.id)) continue;
    toasts.say(`${person.name} asks for the seat`, `ask-${person.id}`, {
      label: "Hand over",
      run: () => void drive.give(person.id),
    });
  }
  asked = new Set(drive.seat.queue.map((person) => person.id));
};
drive.onrefused = (why, code) => {
  const action = code === "taken" ? { label: "Ask for the seat", run: () => void drive.ask() } : undefined;
  toasts.say(why, code, action);
};

/** @param {string} source */
const source = (source) => ({
  hold: (/** @type {number} */ x, /** @type {number} */ y) => drive.hold(source, x, y),
  release: () => drive.release(source),
});
new Stick(part("stick"), part("knob"), source("stick"));
new Pad(part("pad"), { ...source("pad"), halt: () => drive.letGo() });

/** @param {string} how */
function halt(how) {
  drive.letGo();
  navigator.vibrate?.(40);
  stop.press(how);
}
listenToKeys({ ...source("keys"), stop: () => halt("space bar") });
part("stop").addEventListener("pointerdown", (press) => {
  if (press.button === 0) halt("STOP pressed");
});
// A click without a pointer comes from a keyboard or a screen reader.
part("stop").addEventListener("click", (click) => {
  if (click.detail === 0) halt("STOP pressed");
});
stop.onchange = (waiting) => {
  document.body.classList.toggle("stopping", waiting);
  write(part("stop-note"), waiting ? "Stopping…" : "");
};
stop.ondoubt = (why) => toasts.say(why, "stop");

const resetButton = part("reset");
const holdReset = () => void reset.press(drive.welcome?.limits.reset_hold_ms ?? 2000);
resetButton.addEventListener("pointerdown", (press) => {
  if (press.button !== 0) return;
  resetButton.setPointerCapture(press.pointerId);
  holdReset();
});
resetButton.addEventListener("pointermove", (move) => {
  const box = resetButton.getBoundingClientRect();
  const inside = move.clientX >= box.left && move.clientX <= box.right && move.clientY >= box.top && move.clientY <= box.bottom;
  if (!inside) reset.release();
});
for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
  resetButton.addEventListener(end, () => reset.release());
}
resetButton.addEventListener("contextmenu", (menu) => menu.preventDefault());
resetButton.addEventListener("keydown", (key) => {
  if (key.code !== "Space" && key.code !== "Enter") return;
  key.preventDefault();
  if (!key.repeat) holdReset();
});
resetButton.addEventListener("keyup", (key) => {
  if (key.code === "Space" || key.code === "Enter") reset.release();
});
reset.onchange = (phase, ms) => {
  resetButton.dataset.phase = phase;
  resetButton.style.setProperty("--hold", `${ms}ms`);
  write(part("reset-words"), phase === "held" ? "Keep holding…" : phase === "asking" ? "One moment…" : "Hold to reset");
};
reset.onrefused = (why) => toasts.say(why, "reset");

onLeaving((gone) => {
  drive.letGo();
  reset.release();
  if (gone && drive.mine) void drive.leave();
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

part("swap").addEventListener("click", () => {
  drive.letGo();
  const page = document.documentElement.dataset;
  page.hand = page.hand === "left" ? "right" : "left";
  try {
    localStorage.setItem("joywire.hand", page.hand);
  } catch {
    // Private windows may forget it.
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
addEventListener("online", () => socket.hurry());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") socket.hurry();
});
// A page that comes back from the browser's cache has a dead connection.
addEventListener("pageshow", (show) => {
  if (show.persisted) socket.hurry();
});
socket.open();
