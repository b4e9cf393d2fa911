// The behaviour of `conformance-server`, over the reference implementation from npm.
//
// It takes the same environment variables, prints the same `LISTENING <port>` line, and answers the same events, so any script of this
// directory can be run against either server and the two be compared. Redis is left out (status 64).

import { createServer } from "node:http";
import { Server as Engine } from "engine.io";
import { Server } from "socket.io";
import msgpack from "socket.io-msgpack-parser";

const env = (name, otherwise) => process.env[name] || otherwise;
const number = (name, otherwise) => Number(env(name, otherwise));
const flag = (name, otherwise) => env(name, otherwise) === "1";

const packed = env("PARSER", "json") === "msgpack";
if ((!packed && env("PARSER", "json") !== "json") || env("ADAPTER", "") !== "") process.exit(64);

const http = createServer();
const cookie = env("COOKIE", undefined);
const origins = env("CORS_ORIGIN", undefined);
const delay = number("ALLOW_REQUEST_DELAY", 0);

/** What applies to both endpoints. */
const engineOptions = {
  pingInterval: number("PING_INTERVAL", 25_000),
  pingTimeout: number("PING_TIMEOUT", 20_000),
  maxHttpBufferSize: number("MAX_PAYLOAD", 1_000_000),
  upgradeTimeout: number("UPGRADE_TIMEOUT", 10_000),
  allowUpgrades: flag("ALLOW_UPGRADES", "1"),
  transports: env("TRANSPORTS", "polling,websocket").split(","),
  allowEIO3: flag("EIO3", "0"),
  perMessageDeflate: flag("DEFLATE", "0"),
  cookie: cookie && { name: cookie, path: "/", httpOnly: true, sameSite: "lax" },
  cors: origins && {
    origin: origins.includes(",") ? origins.split(",").map((one) => one.trim()) : origins,
    credentials: flag("CORS_CREDENTIALS", "0"),
  },
};

const allowRequest = (refuse) => (request, answer) => {
  const denied = refuse && new URL(request.url, "http://localhost").searchParams.has("deny");
  setTimeout(() => answer(denied ? "Forbidden" : null, !denied), denied ? 0 : delay);
};

const recovery = number("RECOVERY", 0);
const io = new Server(http, {
  ...engineOptions,
  path: env("SIO_PATH", "/socket.io/"),
  serveClient: false,
  ...(packed && { parser: msgpack }),
  connectTimeout: number("CONNECT_TIMEOUT", 45_000),
  cleanupEmptyChildNamespaces: flag("CLEANUP_NAMESPACES", "0"),
  connectionStateRecovery: recovery > 0
    ? { maxDisconnectionDuration: recovery, skipMiddlewares: flag("RECOVERY_SKIP_MIDDLEWARES", "1") }
    : undefined,
  allowRequest: allowRequest(true),
});

const echo = new Engine({ ...engineOptions, allowRequest: allowRequest(false) });
echo.attach(http, { path: "/engine.io/" });
echo.on("connection", (session) => session.on("message", (data) => session.send(data)));

for (const engine of [io.engine, echo]) {
  engine.on("headers", (headers) => (headers["x-conformance"] = "1"));
  engine.on("initial_headers", (headers) => (headers["x-conformance-initial"] = "1"));
}

// ---------------------------------------------------------------- plain HTTP

/** The engines answer what is below their paths; this is everything else. */
http.on("request", (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const ours = [env("SIO_PATH", "/socket.io/"), "/engine.io/"].some((path) => pathname.startsWith(path));
  if (ours) return;
  if (pathname === "/healthz") return response.end("ok");
  if (pathname === "/stats") return response.setHeader("content-type", "application/json").end(JSON.stringify(stats()));
  response.writeHead(404).end();
});

function stats() {
  const sockets = {};
  for (const [name, namespace] of io._nsps) sockets[name] = namespace.sockets.size;
  return { engine: io.engine.clientsCount, echo: echo.clientsCount, sockets };
}

// ---------------------------------------------------------------- namespaces

io.use((socket, next) => next("fail" in socket.handshake.query ? new Error("Auth failed (main namespace)") : undefined));
io.on("connection", full);

io.of("/custom").on("connection", full);

io.of("/auth")
  .use((socket, next) => {
    if (socket.handshake.auth.token === "secret") return next();
    next(Object.assign(new Error("unauthorized"), { data: { code: 401, reason: "bad token" } }));
  })
  .use((socket, next) => {
    (socket.data.order ??= []).push("first");
    setTimeout(next, 20);
  })
  .use((socket, next) => {
    socket.data.order.push("second");
    next();
  })
  .on("connection", full);

io.of("/foo").on("connection", (socket) => socket.on("getId", (reply) => reply?.(socket.id)));
for (const silent of ["/timeout_socket", "/valid", "/asd"]) io.of(silent);
io.of("/abc").on("connection", (socket) => socket.emit("handshake", socket.handshake));
io.of("/no").use((_socket, next) => next(new Error("Auth failed (custom namespace)")));

io.of(/^\/dynamic-\d+$/)
  .use((socket, next) => next(socket.handshake.auth.deny ? new Error("denied") : undefined))
  .on("connection", (socket) => {
    socket.emit("nsp", socket.nsp.name);
    full(socket);
  });

io.of((name, auth, next) => next(null, name.startsWith("/tenant-") && name.slice("/tenant-".length) === auth?.key)).on("connection", full);

// ---------------------------------------------------------------- full handlers

function full(socket) {
  const namespace = socket.nsp;
  const on = (event, handler) =>
    socket.on(event, (...args) => {
      const reply = typeof args.at(-1) === "function" ? args.pop() : () => {};
      handler(reply, ...args);
    });
  const rooms = () => [...socket.rooms].sort();

  if (flag("EMIT_AUTH", "1")) socket.emit("auth", socket.handshake.auth);

  // Echo.
  on("message", (_reply, ...args) => socket.emit("message-back", ...args));
  on("message-with-ack", (reply, ...args) => reply(...args));
  on("emit-with-ack", (_reply, ...args) => {
    socket.emit("emit-with-ack", ...args, (...answer) => socket.emit("emit-with-ack", ...answer));
  });
  on("describe", (reply, ...args) => reply(args.map(described)));
  on("echo", (reply, x) => reply(x));

  // Introspection.
  on("getHandshake", (reply) => reply(socket.handshake));
  on("getId", (reply) => reply(socket.id));
  on("getTransport", (reply) => reply(socket.conn.transport.name));
  on("getProtocol", (reply) => reply(socket.conn.protocol));
  on("getState", (reply) =>
    reply({ id: socket.id, recovered: socket.recovered, rooms: rooms(), data: socket.data, nsp: namespace.name }));
  on("setData", (reply, data) => {
    Object.assign(socket.data, data);
    reply();
  });

  // Rooms and broadcasting.
  on("join", (reply, room) => {
    socket.join(room);
    reply(rooms());
  });
  on("leave", (reply, room) => {
    socket.leave(room);
    reply(rooms());
  });
  on("broadcast", (reply, target, event, ...args) => {
    selection(target?.self ? namespace : socket.broadcast, target).emit(event, ...args);
    reply();
  });
  on("broadcastWithAck", (reply, target, event, ...args) => {
    selection(target?.self ? namespace : socket.broadcast, target)
      .timeout(target?.timeout ?? 1000)
      .emit(event, ...args, (error, responses) => reply(error ? error.message : null, responses));
  });
  on("allRooms", (reply) => reply([...namespace.adapter.rooms.keys()].sort()));
  on("watch", (reply) => {
    socket.join("watchers");
    reply();
  });
  let lastRooms = [];
  socket.on("disconnecting", () => (lastRooms = rooms()));
  socket.on("disconnect", (reason) => namespace.to("watchers").emit("peer-disconnect", socket.id, reason, lastRooms));
  on("fetchSockets", async (reply, target) => {
    const found = await selection(namespace, target).fetchSockets();
    reply(found.map((one) => one.id).sort());
  });
  on("socketsJoin", (reply, target, list) => {
    selection(namespace, target).socketsJoin(list);
    reply();
  });
  on("socketsLeave", (reply, target, list) => {
    selection(namespace, target).socketsLeave(list);
    reply();
  });
  on("disconnectSockets", (reply, target, close) => {
    reply();
    selection(namespace, target).disconnectSockets(close === true);
  });

  // Streams.
  on("numbers", async (_reply, options) => {
    const { count = 0, delay: pause = 0, volatile = false, bytes = 0, binary = false } = options ?? {};
    const extra = bytes > 0 ? [binary ? pattern(bytes) : "x".repeat(bytes)] : [];
    for (let i = 0; i < count; i++) {
      if (pause > 0 && i > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      (volatile ? socket.volatile : socket).emit("n", i, ...extra);
    }
    socket.emit("n-end", count);
  });
  let pushed = [];
  on("push", (reply, i) => {
    pushed.push(i);
    reply(i);
  });
  on("pushReport", (reply) => {
    const inOrder = pushed.every((i, at) => at === 0 || i === pushed[at - 1] + 1);
    reply({ count: pushed.length, inOrder, first: pushed[0] ?? null, last: pushed.at(-1) ?? null });
    pushed = [];
  });
  on("binGen", (reply, sizes) => reply(sizes.map(pattern)));
  on("slowEcho", (reply, ms, x) => setTimeout(() => reply(x), ms));
  on("ackTwice", (reply) => {
    reply(1);
    reply(2);
  });
  on("serverAck", (_reply, options, ...args) => {
    const event = options?.event ?? "question";
    const result = (error, list) => socket.emit("serverAckResult", error, list);
    if (options?.timeout === undefined) return socket.emit(event, ...args, (...answer) => result(null, answer));
    socket.timeout(options.timeout).emit(event, ...args, (error, ...answer) =>
      error ? result("timeout", []) : result(null, answer));
  });

  // Middleware, catch-all.
  socket.use(([event], next) => next(event === "blocked" ? new Error("blocked by middleware") : undefined));
  socket.on("error", (error) => socket.emit("mw-error", error.message));
  socket.onAny((event, ...args) => {
    if (!String(event).startsWith("any:")) return;
    socket.emit("any", event, ...args.filter((arg) => typeof arg !== "function"));
  });

  // Ends.
  on("disconnectMe", (_reply, close) => socket.disconnect(close === true));
  on("closeEngine", () => socket.conn.close());
  on("killEngine", () => {
    const raw = socket.conn.transport.socket; // of WebSocket only
    if (raw?.terminate) raw.terminate();
    else socket.conn.close();
  });

  fixedAnswers(socket, on);
}

function fixedAnswers(socket, on) {
  on("hi", () => socket.emit("hi"));
  on("false", () => socket.emit("false", false));
  on("ack", () =>
    socket.emit("ack", (five, object) => {
      if (five === 5 && object?.test === true) socket.emit("got it");
    }));
  on("getAckDate", (reply) => reply(new Date().toISOString()));
  on("getDate", () => socket.emit("takeDate", new Date().toISOString()));
  on("getDateObj", () => socket.emit("takeDateObj", { date: new Date().toISOString() }));
  on("getUtf8", () => {
    for (const text of ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"]) socket.emit("takeUtf8", text);
  });
  on("doge", () => socket.emit("doge", Buffer.from("asdfasdf")));
  on("getbin", () => socket.emit("takebin", Buffer.from("asdfasdf")));
  on("buffa", (_reply, x) => Buffer.isBuffer(x) && socket.emit("buffack"));
  on("blob", (_reply, x) => Buffer.isBuffer(x) && socket.emit("back"));
  for (const event of ["jsonbuff", "jsonblob"]) {
    on(event, (_reply, o) => {
      if (o?.hello === "lol" && Buffer.isBuffer(o.message) && o.goodbye === "gotcha") socket.emit(`${event}-ack`);
    });
  }
  let buffer = false;
  on("abuff1", (_reply, x) => (buffer = Buffer.isBuffer(x)));
  on("abuff2", () => buffer && socket.emit("abuff2-ack"));
  let blobs = 0;
  on("blob1", (_reply, x) => (blobs = Buffer.isBuffer(x) ? 1 : 0));
  on("blob2", (_reply, x) => (blobs = blobs === 1 && x === "second" ? 2 : 0));
  on("blob3", (_reply, x) => blobs === 2 && Buffer.isBuffer(x) && socket.emit("blob3-ack"));
}

function selection(base, target) {
  let operator = base;
  for (const room of target?.to ?? []) operator = operator.to(room);
  if (target?.except?.length) operator = operator.except(target.except);
  return target?.volatile ? operator.volatile : operator;
}

function pattern(bytes) {
  return Buffer.from(Array.from({ length: bytes }, (_, k) => k % 256));
}

function described(value) {
  if (Buffer.isBuffer(value)) return { _bin: value.toString("base64") };
  if (Array.isArray(value)) return value.map(described);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, described(member)]));
}

// ---------------------------------------------------------------- process

http.listen(number("PORT", 3000), env("HOST", "127.0.0.1"), () => console.log(`LISTENING ${http.address().port}`));

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    io.close();
    echo.close();
    setTimeout(() => process.exit(0), 200);
  });
}
