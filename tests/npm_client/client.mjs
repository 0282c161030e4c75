// The socket.io-client of npm, as web/package-lock.json pins it, driven by a test: node client.mjs <url> <options as JSON>.
// Takes {"id", "event", "data"} as lines on stdin; prints lines: {"ack": id, "data"} and {"heard": name, "data"}.
// With "since" in the options it watches on every connect, from where the last update left it.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { io } = createRequire(new URL("../../web/package.json", import.meta.url))("socket.io-client");
const [url, words] = process.argv.slice(2);
const { watches, ...options } = JSON.parse(words);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const last = {};

const socket = io(url, { reconnectionDelay: 100, reconnectionDelayMax: 500, ...options });

socket.on("connect", async () => {
  say({ heard: "connect", data: { recovered: socket.recovered } });
  if (watches) {
    const since = last.version === undefined ? {} : { since: { version: last.version, seq: last.seq } };
    say({ heard: "watched", data: await socket.emitWithAck("watch", since) });
  }
});
socket.on("disconnect", (reason, details) => {
  say({ heard: "disconnect", data: { reason, code: details?.description, active: socket.active } });
});
socket.on("connect_error", (error) => {
  const { message, data, description, context } = error;
  say({ heard: "connect_error", data: { message, data, status: description, body: context?.responseText, active: socket.active } });
});
socket.onAny((name, data) => {
  if (name === "location_update") Object.assign(last, { version: data.version, seq: data.seq });
  say({ heard: name, data });
});

for await (const line of createInterface({ input: process.stdin })) {
  const { id, event, data } = JSON.parse(line);
  socket.emitWithAck(event, data).then((answer) => say({ ack: id, data: answer }));
}
socket.disconnect();
