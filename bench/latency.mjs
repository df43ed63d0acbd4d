// From a client's word to the frame on the serial line, measured at a tap in the cable: npm run bench:latency
import { setTimeout as pause } from "node:timers/promises";
import { Rig, now, quantile, until } from "../tests/interop/rig.mjs";

const SAMPLES = 400;
const RELEASES = 60;
const SAMPLE_MS = 33;

const rig = await Rig.start();
try {
  const client = await rig.client({ transports: ["websocket"] });
  await client.takeSeat();
  const table = {
    "stick sample → its DRIVE frame": row(await samples(client)),
    "release at full speed → first DRIVE of zeros": row(await releases(client)),
  };
  console.table(table);
} finally {
  await rig.stop();
}

/** Each sample asks for a speed of its own, so that its frame is known by it. */
async function samples(client) {
  await client.hold(0, 0.4, 300);
  const sent = [];
  for (let index = 0; index < SAMPLES; index += 1) {
    const permille = 400 + (index % 100);
    sent.push({ permille, t: client.drive(0, permille / 1000).t });
    // Off the beat of the agent's own steps.
    await pause(SAMPLE_MS * (0.7 + 0.6 * Math.random()));
  }
  await client.release();
  await pause(200);
  return sent.map(({ permille, t }, index) => {
    const before = sent[index + 1]?.t ?? Infinity;
    const frame = rig.drives(t).find(({ motors }) => motors[0] === permille);
    return frame && frame.t < before + SAMPLE_MS ? frame.t - t : NaN;
  });
}

async function releases(client) {
  const found = [];
  for (let index = 0; index < RELEASES; index += 1) {
    await rig.rests();
    await client.hold(0, 1, 500 + SAMPLE_MS * Math.random());
    const { t } = await client.release();
    const zero = await until("zeros", () => rig.drives(t).find((drive) => drive.still));
    const full = rig.drives(t - 100).some(({ motors, t: at }) => at < t && motors[0] === 1000);
    found.push(full ? zero.t - t : NaN);
  }
  return found;
}

function row(values) {
  const known = values.filter(Number.isFinite);
  const [p50, p99, worst] = [0.5, 0.99, 1].map((q) => quantile(known, q).toFixed(1));
  return { n: known.length, lost: values.length - known.length, "p50 ms": p50, "p99 ms": p99, "worst ms": worst };
}
