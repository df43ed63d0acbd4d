// Drives the robot a little way: takes the seat, drives with fresh samples, and lets go.
//
//     npm install socket.io-client
//     node examples/drive.mjs [https://localhost:8080]
//
// Ctrl-C lets go at once. Joywire must run on this machine (`cargo run` is enough): programs here need no pairing.
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { io } from "socket.io-client";

/** How long, seconds, and where the stick is: x to the right, y ahead, each −1…1. */
const WAY = [[0.3, 0, 0], [1.0, 0, 0.4], [0.6, -0.4, 0], [0.3, 0, 0]];

const url = process.argv[2] ?? "https://localhost:8080";
const socket = io(url, { rejectUnauthorized: false, transports: ["websocket"], reconnection: false });
let telemetry;
let mine = false; // whether the seat is ours
let over = false; // something ended the drive

function end(why) {
  if (!over) console.log(why);
  over = true;
}

process.on("SIGINT", () => end("letting go"));
process.on("SIGTERM", () => end("letting go"));
socket.on("connect_error", (error) => {
  console.log(`no connection: ${error.message}`);
  process.exit(1);
});
socket.on("disconnect", () => end("the connection is gone"));
socket.on("refused", ({ event, why }) => console.log(`refused: ${event} ${why}`));
socket.on("telemetry", (newest) => {
  telemetry = newest;
  // The next fresh sample mends a stale one; everything else wants a look first.
  const stale = newest.reason?.code === "command_stale";
  if (mine && !stale && !["ready", "driving"].includes(newest.state)) end(`stopped: ${newest.reason?.text ?? newest.state}`);
});
socket.on("seat", ({ holder }) => {
  if (mine && holder?.id !== welcome.you.id) end(holder ? `${holder.name} drives now` : "the seat was given up");
});

const [welcome] = await once(socket, "welcome");
telemetry = welcome.telemetry;
const { ok, why, seat } = await socket.timeout(3000).emitWithAck("seat", { want: "take" });
if (ok) {
  mine = true;
  console.log(`driving ${welcome.robot.name}`);
  const pace = 1000 / welcome.limits.sample_hz;
  let seq = 0;
  for (const [seconds, x, y] of WAY) {
    for (let left = Math.round((seconds * 1000) / pace); left > 0 && !over; left -= 1) {
      const { tick, session } = telemetry;
      // volatile: a sample that cannot be sent now is worth nothing later.
      socket.volatile.emit("drive", { seq: (seq += 1), x, y, tick, session, epoch: seat.epoch });
      await pause(pace);
    }
  }
  mine = false;
  // Giving the seat back stops the robot at once.
  if (socket.connected) await socket.timeout(3000).emitWithAck("seat", { want: "release" });
} else {
  console.log(`no seat: ${why}`);
  process.exitCode = 1;
}
over = true;
socket.disconnect();
