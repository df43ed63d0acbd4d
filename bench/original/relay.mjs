// The relay of the system that Joywire follows, in its shape and in our words: whatever anyone says goes to everyone, over HTTPS.
//
//   node relay.mjs --key FILE --cert FILE [--port 8080] [--files FOLDER] [--public]
//
// It says on standard error where it listens, and prints the name and the arguments of every event, as the original did. The
// benchmark sends these prints to /dev/null, which is the cheapest place.
import { createReadStream, readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:https";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Server } from "socket.io";

const { values: options } = parseArgs({
  options: {
    key: { type: "string" },
    cert: { type: "string" },
    port: { type: "string", default: "8080" },
    files: { type: "string", default: fileURLToPath(new URL("page", import.meta.url)) },
    public: { type: "boolean", default: false },
  },
});
if (!options.key || !options.cert) {
  console.error("usage: node relay.mjs --key FILE --cert FILE [--port 8080] [--files FOLDER] [--public]");
  process.exit(2);
}

const KINDS = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/** Answers with a file of the folder. */
async function answer(request, response) {
  response.setHeader("Access-Control-Allow-Origin", "*");
  const { pathname } = new URL(request.url, "https://localhost");
  const wanted = normalize(decodeURIComponent(pathname));
  const path = join(options.files, wanted.endsWith("/") ? `${wanted}index.html` : wanted);
  if (!(await stat(path).catch(() => null))?.isFile()) {
    response.writeHead(404).end("not here\n");
    return;
  }
  response.setHeader("Content-Type", KINDS[extname(path)] ?? "application/octet-stream");
  createReadStream(path).pipe(response);
}

const https = createServer({ key: readFileSync(options.key), cert: readFileSync(options.cert) }, (request, response) => {
  answer(request, response).catch((error) => response.destroy(error));
});
const io = new Server(https, { cors: { origin: "*" } });
io.on("connection", (socket) => {
  socket.onAny((name, ...args) => {
    console.log(name, args);
    io.emit(name, args);
  });
});

https.on("error", (error) => {
  console.error(`port ${options.port} cannot be used: ${error.message}`);
  process.exit(1);
});
https.listen(Number(options.port), options.public ? "::" : "127.0.0.1", () => {
  console.error(`listening at https://localhost:${https.address().port}`);
});

let asked = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    if (asked) process.exit(1);
    asked = true;
    io.disconnectSockets(true);
    io.close();
  });
}
