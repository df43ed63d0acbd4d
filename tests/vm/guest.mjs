// A virtual machine with real USB and real input devices, and an emulated Arduino Uno at its serial port.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Board, now } from "../browser/board.mjs";
import { freePort, until } from "../browser/harness.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = process.env.JOYWIRE_BIN ?? join(root, "target/debug/joywire");
const built = join(root, "target/vm");
const BOOT_MS = 90_000;
const ANSWER_MS = 20_000;
const SERIAL = { driver: "usb-serial", id: "robot", chardev: "uno", bus: "xhci.0", serial: "JW0001VM" };

/** Kernel, initramfs and all; packages are fetched the first time. */
function prepare() {
  const script = fileURLToPath(new URL("prepare.sh", import.meta.url));
  if (!existsSync(program)) throw new Error(`${program} is not there: cargo build, or set JOYWIRE_BIN`);
  const { status } = spawnSync(script, [program], { stdio: ["ignore", "inherit", "inherit"], timeout: 300_000 });
  if (status !== 0) throw new Error("the virtual machine was not prepared; what to do stands above");
}

/** A socket on which lines come and go; each question is answered before the next one is put. */
class Line {
  /** What came and was no answer. */
  lines = [];
  #socket;
  #asked = null;
  #lost = null;
  #dead = false;
  #before = Promise.resolve();

  /** `tell` gets every line of a line that only tells. */
  static async open(path, tell = null) {
    const line = new Line();
    await until(`the socket ${path}`, () => existsSync(path));
    line.#socket = connect(path);
    line.#socket.on("error", () => {});
    line.#socket.on("close", () => line.#lose());
    createInterface({ input: line.#socket }).on("line", (text) => (tell ? tell(text) : line.#hear(text)));
    return line;
  }

  #hear(text) {
    this.lines.push(text);
    this.#asked?.(text);
  }

  /** Says something; returns the lines until one `ends` the answer, and when that came, ms. */
  ask(question, ends) {
    const answered = this.#before.then(() => this.#ask(question, ends));
    this.#before = answered.catch(() => {});
    return answered;
  }

  #ask(question, ends) {
    return new Promise((resolve, reject) => {
      const lost = () => {
        clearTimeout(late);
        reject(new Error(`no answer to ${question}: the virtual machine has ended or hangs; ${this.lines.join("\n")}`));
      };
      const late = setTimeout(() => this.#lose(), ANSWER_MS);
      this.#lost = lost;
      if (this.#dead) return lost();
      this.lines = [];
      this.#asked = (text) => {
        if (!ends(text)) return;
        clearTimeout(late);
        this.#asked = this.#lost = null;
        resolve([this.lines, now()]);
      };
      this.#socket.write(`${question}\n`);
    });
  }

  #lose() {
    this.#dead = true;
    this.#lost?.();
  }

  end() {
    this.#socket?.destroy();
  }
}

/** The machine, its cables, and the program in it. */
export class Guest {
  board;
  /** Where the relay in the guest is reached. */
  url = "";
  /** The lines that the program has logged in this story. */
  log = [];
  #all = [];
  #pluggedIn = true;
  /** Numbers of the pads that are plugged in. */
  #here = new Set();
  #dir = mkdtempSync(join(tmpdir(), "joywire-vm-"));
  #child;
  #shell;
  #pads;
  #log;
  #qmp;
  #port = 0;

  static async boot() {
    prepare();
    const guest = new Guest();
    try {
      await guest.#boot();
    } catch (error) {
      guest.end();
      throw new Error(`the virtual machine did not start: ${error.message}\n${guest.console()}`);
    }
    return guest;
  }

  async #boot() {
    this.board = await Board.start();
    this.#port = await freePort();
    this.url = `https://localhost:${this.#port}`;
    const at = (name) => join(this.#dir, name);
    const socket = (name) => ["-chardev", `socket,id=${name},path=${at(name)},server=on,wait=off`];
    const channel = (name) => [...socket(name), "-device", `virtserialport,chardev=${name},name=${name}`];
    const errors = openSync(join(built, "qemu.log"), "w");
    // No KVM: it is not everywhere, and emulation is the same everywhere.
    const line = [
      ["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "384", "-machine", "q35"],
      ["-bios", "qboot.rom", "-nodefaults", "-display", "none", "-no-reboot", "-sandbox", "on"],
      ["-kernel", join(built, "vmlinux"), "-initrd", join(built, "initramfs")],
      ["-append", "console=ttyS0 quiet loglevel=4 panic=-1 nokaslr mitigations=off"],
      ["-serial", `file:${join(built, "console.log")}`],
      [...socket("qmp"), "-mon", "chardev=qmp,mode=control"],
      ["-device", "virtio-serial-pci", ...channel("shell"), ...channel("pads"), ...channel("log")],
      ["-netdev", `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${this.#port}-:9000`, "-device", "virtio-net-pci,netdev=net,romfile="],
      ["-device", "qemu-xhci,id=xhci", "-chardev", `serial,id=uno,path=${this.board.port}`],
      ["-device", Object.entries(SERIAL).map(([key, value]) => (key === "driver" ? value : `${key}=${value}`)).join(",")],
    ];
    // Whatever happens to us, it does not stay behind.
    const bound = ["--pdeathsig", "KILL", "qemu-system-x86_64"];
    this.#child = spawn("setpriv", [...bound, ...line.flat()], { stdio: ["ignore", "ignore", errors] });
    closeSync(errors);
    const ended = new Promise((_, reject) => {
      this.#child.once("error", (error) => reject(new Error(`${error.message}: \`make tools\` installs util-linux`)));
      this.#child.once("exit", (code) => reject(new Error(`qemu ended (${code}): ${readFileSync(join(built, "qemu.log"))}`)));
    });
    ended.catch(() => {});
    await Promise.race([this.#connect(at), ended]);
  }

  async #connect(at) {
    this.#qmp = await Line.open(at("qmp"));
    await this.qmp("qmp_capabilities");
    this.#log = await Line.open(at("log"), (line) => {
      this.log.push(line);
      this.#all.push(line);
    });
    this.#shell = await Line.open(at("shell"));
    this.#pads = await Line.open(at("pads"));
    await until("the guest's boot", () => /^ready after/m.test(this.console()), BOOT_MS);
    await this.run("pad <>/dev/virtio-ports/pads >&0 2>&1 &");
    // The relay answers its own machine only.
    await this.run(`printf '#!/bin/sh\\nexec nc 127.0.0.1 ${this.#port}\\n' >/tmp/relay && chmod +x /tmp/relay`);
    await this.run("nc -ll -p 9000 -e /tmp/relay </dev/null >/dev/null 2>&1 &");
  }

  /** Runs a line in the guest's shell; returns what it said. */
  async run(command) {
    const [lines] = await this.#shell.ask(command, (line) => /^=\d+$/.test(line));
    const outcome = lines.pop();
    if (outcome !== "=0") throw new Error(`${command} (${outcome}): ${lines.join("\n")}`);
    return lines.join("\n");
  }

  /** Does something to a pad, see pad.c; returns the moments, ms, before it was sent and after it was done. */
  async pad(command) {
    const sent = now();
    const [[answer], done] = await this.#pads.ask(command, () => true);
    if (answer !== "ok") throw new Error(`${command}: ${answer}`);
    const [verb, number] = command.split(" ");
    if (verb === "create") this.#here.add(number);
    if (verb === "destroy") this.#here.delete(number);
    return [sent, done];
  }

  /** How often a pad was made to shake. */
  async shakes(place) {
    const [[count]] = await this.#pads.ask(`shakes ${place}`, () => true);
    return Number(count);
  }

  async qmp(execute, args = {}) {
    const [lines] = await this.#qmp.ask(JSON.stringify({ execute, arguments: args }), (line) => /"(return|error)"/.test(line));
    const answer = JSON.parse(lines.pop());
    if (answer.error) throw new Error(`${execute}: ${answer.error.desc}`);
    return answer.return;
  }

  /** Pulls the robot's plug; returns the moments, ms, before and after it. */
  async unplugRobot() {
    // QEMU 7.2 crashes on a byte that comes from the board while it takes the device apart.
    this.board.hold(true);
    try {
      const sent = now();
      this.#pluggedIn = false;
      await this.qmp("device_del", { id: SERIAL.id });
      const pulled = now();
      await until("the emulator to let go of the robot", async () => {
        const devices = await this.qmp("query-chardev");
        return !devices.find(({ label }) => label === SERIAL.chardev)["frontend-open"];
      });
      return [sent, pulled];
    } finally {
      this.board.hold(false);
    }
  }

  async plugInRobot() {
    // The emulator takes a moment to let go of the old one.
    await until("the USB socket to be free", () => this.qmp("device_add", SERIAL).then(() => true, () => false));
    this.#pluggedIn = true;
  }

  /** A new story begins. */
  forget() {
    this.log.length = 0;
  }

  /** The story is over: no pad, and the robot in its socket. */
  async tidy() {
    for (const number of this.#here) await this.pad(`destroy ${number}`);
    await this.run("[ ! -d $usbpad ] || usbpad_unplug || true");
    if (!this.#pluggedIn) await this.plugInRobot();
  }

  /** Starts the program, or starts it again with the same data and this environment; waits until it has the robot. */
  async joywire(environment = "") {
    const since = this.log.length;
    await this.run(
      `HOME=/tmp JOYWIRE_LOG=joywire=debug ${environment} joywire run --serial auto --port ${this.#port} ` +
        "</dev/null >/dev/virtio-ports/log 2>&1 & joywire=$!",
    );
    await this.logs(/robot is ready/, since);
  }

  /** Ends it without a word. */
  async killJoywire() {
    await this.run("kill -9 $joywire; wait $joywire; true");
  }

  /** What `joywire pads` tells of the pads that are plugged in, with this environment. */
  async padsShown(environment = "") {
    const line = await this.run(`HOME=/tmp ${environment} joywire pads --list --json 2>/dev/null`);
    return JSON.parse(line).pads;
  }

  /** Waits for words in the program's log, from the `since`th line on. */
  async logs(words, since = 0, ms = 30_000) {
    await until(`${words} in the program's log`, () => this.log.slice(since).some((line) => words.test(line)), ms);
  }

  console() {
    return existsSync(join(built, "console.log")) ? readFileSync(join(built, "console.log"), "utf8") : "";
  }

  /** What the guest, its emulator and the program said last. */
  words() {
    const last = (text) => text.trimEnd().split("\n").slice(-60).join("\n");
    const emulator = readFileSync(join(built, "qemu.log"), "utf8");
    const { exitCode, signalCode } = this.#child;
    const ended = exitCode === null && signalCode === null ? "" : ` (ended: ${exitCode ?? signalCode})`;
    return `--- the guest's console\n${last(this.console())}\n--- qemu${ended}\n${last(emulator)}\n--- the program\n${last(this.log.join("\n"))}`;
  }

  end() {
    for (const line of [this.#shell, this.#pads, this.#log, this.#qmp]) line?.end();
    this.#child?.removeAllListeners("exit");
    this.#child?.kill("SIGKILL");
    this.board?.end();
    if (existsSync(built)) writeFileSync(join(built, "joywire.log"), `${this.#all.join("\n")}\n`);
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
