// The Node peer of the live bench: a tiny relay on socket.io, as its documentation writes it.
//   node node.js PORT plain|redis-adapter|sharded-adapter PING_S [REDIS_URL]
// A URL of several servers, redis://a:1,b:2, is a Redis Cluster.
// CONNECT's auth names the rooms to hear; a heartbeat is told to the room it names, then acked if asked.
import { createServer } from "node:http";
import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter";
import { createClient, createCluster } from "redis";
import { Server } from "socket.io";

const [port, kind, pingS, redisUrl] = process.argv.slice(2);
const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  perMessageDeflate: false,
  pingInterval: Number(pingS) * 1000,
  pingTimeout: 20_000,
});

if (kind !== "plain") {
  const urls = redisUrl.split(",").map((place, n) => (n ? `redis://${place}` : place));
  const publisher =
    urls.length > 1 ? createCluster({ rootNodes: urls.map((url) => ({ url })) }) : createClient({ url: redisUrl });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const make = kind === "sharded-adapter" ? createShardedAdapter : createAdapter;
  io.adapter(make(publisher, subscriber));
}

io.on("connection", (socket) => {
  for (const room of socket.handshake.auth.watch ?? []) socket.join(room);
  socket.on("heartbeat", (data, ack) => {
    io.to(data.room).emit("location_update", data);
    if (typeof ack === "function") ack({ ok: true });
  });
});

http.listen(Number(port), "127.0.0.1");
