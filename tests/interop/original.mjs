// A Node.js server with the manners of the original: over HTTPS, whatever anyone says goes to everyone as one array.
//
// As a program, `node original.mjs [PORT]`, it prints its address, then a JSON line for whatever it hears.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Server } from "socket.io";

/** A key and a certificate that vouches for itself, as the original's users had to accept. */
function selfSigned() {
  const home = mkdtempSync(join(tmpdir(), "joywire-original-"));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(home, name));
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const about = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  try {
    execFileSync("openssl", ["req", ...kind, ...about, "-keyout", key, "-out", cert], { stdio: "ignore" });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** The server. */
export class Original {
  /** Every event: name and arguments, in order. */
  heard = [];

  /**
   * @param {{port?: number, acknowledges?: boolean, told?: (event: unknown[]) => void}} options `acknowledges`: answers
   *   whoever wants an acknowledgement with the arguments, which the original did not
   */
  static async start({ port = 0, acknowledges = false, told = () => {} } = {}) {
    const original = new Original();
    const https = createServer(selfSigned());
    original.io = new Server(https, { cors: { origin: "*" } });
    original.io.on("connection", (socket) =>
      socket.onAny((name, ...args) => {
        const answer = acknowledges && typeof args.at(-1) === "function" ? args.pop() : () => {};
        original.heard.push([name, ...args]);
        told([name, ...args]);
        original.io.emit(name, args);
        answer(...args);
      }),
    );
    await new Promise((resolve, reject) => https.once("error", reject).listen(port, "127.0.0.1", resolve));
    original.url = `https://localhost:${https.address().port}`;
    return original;
  }

  async stop() {
    this.io.disconnectSockets(true);
    await this.io.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const said = (event) => console.log(JSON.stringify(event));
  const original = await Original.start({ port: Number(process.argv[2] ?? 8080), told: said });
  console.log(original.url);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => original.stop());
}
