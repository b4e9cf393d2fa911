// What the environment variables of the conformance server do. Give the server and this script the same: each check is about one of them, and
// runs when it is set.

import assert from "node:assert/strict";
import { ask, check, client, collect, connect, connected, done, http, manager, next, pattern, RawPolling, RawWebSocket } from "./lib.mjs";
import { settle, stats, until, within } from "./lib.mjs";

const { env } = process;
const BOTH = ["/socket.io/", "/engine.io/"];

/** Checks of a variable, if it is set, to this value if one is given. */
const on = (variable, value) => env[variable] !== undefined && (value === undefined || env[variable] === value);

const query = (transport, more = "") => `?EIO=4&transport=${transport}${more}`;

/** Whether the server lets a WebSocket in. */
async function letsIn(path) {
  const raw = new RawWebSocket(path);
  return within(raw.opened.then(() => true, () => false), "an answer");
}

if (on("SIO_PATH")) await check("SIO_PATH: the endpoint is there, and nowhere else", async () => {
  const path = env.SIO_PATH;
  const socket = await connect("/", { path });
  assert.ok((await ask(socket, "getHandshake"))[0].url.startsWith(`${path}?`));
  const raw = await RawPolling.open(path);
  await raw.post("1");
  assert.equal((await http(`/socket.io/${query("polling")}`)).status, 404);
  assert.equal((await http(path.slice(0, -1))).status, 404);
  await (await RawPolling.open("/engine.io/")).post("1");
});

if (on("PING_INTERVAL")) await check("PING_INTERVAL and PING_TIMEOUT: the handshake says them, the server keeps them", async () => {
  for (const path of BOTH) {
    const raw = await RawWebSocket.open(path);
    const start = performance.now();
    assert.deepEqual([raw.handshake.pingInterval, raw.handshake.pingTimeout], [Number(env.PING_INTERVAL), Number(env.PING_TIMEOUT)]);
    assert.equal(await raw.frame(), "2");
    const pinged = performance.now() - start;
    assert.ok(pinged > env.PING_INTERVAL - 50, `pinged after ${pinged} ms`);
    await within(raw.closed, "the end");
    assert.ok(performance.now() - start > Number(env.PING_INTERVAL) + Number(env.PING_TIMEOUT) - 100);
  }
});

if (on("MAX_PAYLOAD")) await check("MAX_PAYLOAD: a POST and a WebSocket message of that length pass, a byte more does not", async () => {
  const limit = Number(env.MAX_PAYLOAD);
  for (const path of BOTH) {
    const raw = await RawPolling.open(path);
    assert.equal(raw.handshake.maxPayload, limit);
    assert.equal((await raw.post("4".padEnd(limit, "x"))).status, 200);
    const another = await RawPolling.open(path);
    assert.equal((await another.post("4".padEnd(limit + 1, "x"))).status, 413);
    await another.post("1");
  }
  for (const fits of ["4".padEnd(limit, "x"), pattern(limit)]) {
    const raw = await RawWebSocket.open("/engine.io/");
    raw.send(fits);
    assert.deepEqual(await raw.frame(), fits);
  }
  for (const exceeds of ["4".padEnd(limit + 1, "x"), pattern(limit + 1)]) {
    const raw = await RawWebSocket.open("/engine.io/");
    raw.send(exceeds);
    assert.equal(await within(raw.closed, "the end"), 1009);
  }
});

if (on("CONNECT_TIMEOUT")) await check("CONNECT_TIMEOUT: who joins no namespace has to go, who does stays", async () => {
  const wait = Number(env.CONNECT_TIMEOUT);
  const joined = await RawWebSocket.join();
  const polling = await RawPolling.open();
  const idle = await RawWebSocket.open();
  const start = performance.now();
  await within(idle.closed, "the end");
  assert.ok(performance.now() - start > wait - 50);
  await until(async () => (await polling.get()).status === 400, "the end of the polling session");
  joined.send('427["echo",1]');
  assert.equal(await joined.frame(), "437[1]");
  // The raw endpoint has no namespaces.
  const echo = await RawWebSocket.open("/engine.io/");
  await new Promise((resolve) => setTimeout(resolve, 2 * wait));
  echo.send("4x");
  assert.equal(await echo.frame(), "4x");
});

if (on("UPGRADE_TIMEOUT")) await check("UPGRADE_TIMEOUT: a probe that is not completed is closed, and the session lives", async () => {
  for (const path of BOTH) {
    const raw = await RawPolling.open(path);
    const probe = new RawWebSocket(path + query("websocket", `&sid=${raw.handshake.sid}`));
    await within(probe.opened, "the WebSocket");
    const start = performance.now();
    probe.send("2probe");
    assert.equal(await probe.frame(), "3probe");
    await within(probe.closed, "the end of the probe");
    assert.ok(performance.now() - start > env.UPGRADE_TIMEOUT - 50);
    assert.equal((await raw.post("3")).status, 200);
    await raw.post("1");
  }
});

if (on("ALLOW_UPGRADES", "0")) await check("ALLOW_UPGRADES: none is offered, and none accepted", async () => {
  for (const path of BOTH) {
    const raw = await RawPolling.open(path);
    assert.deepEqual(raw.handshake.upgrades, []);
    // The reference does not offer it, and accepts it all the same.
    if (!env.REFERENCE) {
      const probe = new RawWebSocket(path + query("websocket", `&sid=${raw.handshake.sid}`));
      probe.socket.on("open", () => probe.send("2probe"));
      await within(probe.closed, "the end of the probe");
      assert.deepEqual(probe.frames, []);
    }
    assert.equal((await raw.post("3")).status, 200);
    await raw.post("1");
    assert.equal(await letsIn(path + query("websocket")), true, "without polling first it is no upgrade");
  }
});

if (on("TRANSPORTS", "websocket")) await check("TRANSPORTS: WebSocket alone", async () => {
  for (const path of BOTH) {
    const { status, body } = await http(path + query("polling"));
    assert.deepEqual([status, JSON.parse(body).code], [400, 0]);
    const raw = await RawWebSocket.open(path);
    assert.deepEqual(raw.handshake.upgrades, []);
  }
});

if (on("TRANSPORTS", "polling")) await check("TRANSPORTS: polling alone", async () => {
  for (const path of BOTH) {
    const raw = await RawPolling.open(path);
    assert.deepEqual(raw.handshake.upgrades, []);
    assert.equal(await letsIn(path + query("websocket")), false);
    assert.equal(await letsIn(path + query("websocket", `&sid=${raw.handshake.sid}`)), false);
    await raw.post("1");
  }
});

if (on("EIO3", "1")) await check("EIO3: clients of revision 3 come in, on both endpoints", async () => {
  for (const path of BOTH) {
    const { status, body } = await http(`${path}?EIO=3&transport=polling`);
    assert.equal(status, 200);
    assert.match(body, /^\d+:0\{"sid":/);
    assert.equal(await letsIn(`${path}?EIO=3&transport=websocket`), true);
  }
});

if (on("PARSER", "msgpack")) await check("PARSER: what the client gets is MessagePack", async () => {
  const raw = await RawWebSocket.open();
  // {"type": 0, "nsp": "/"}
  raw.send(Buffer.from([0x82, 0xa4, ...Buffer.from("type"), 0, 0xa3, ...Buffer.from("nsp"), 0xa1, 0x2f]));
  const answer = await raw.frame();
  assert.ok(Buffer.isBuffer(answer));
  assert.ok(answer.includes("sid"));
});

const returning = { reconnection: true, reconnectionDelay: 20, reconnectionDelayMax: 50, randomizationFactor: 0 };

if (on("RECOVERY")) await check("RECOVERY: `auth` comes again, behind what was missed", async () => {
  const [socket, other] = await Promise.all([connect("/", returning), connect()]);
  await settle(socket);
  const { id } = socket;
  const events = [];
  socket.onAny((event, ...args) => events.push([event, args[0]]));
  socket.io.reconnection(false);
  socket.io.engine.close();
  await until(async () => (await ask(other, "fetchSockets"))[0].length === 1, "the server notices");
  await ask(other, "broadcast", {}, "news", 1);
  socket.io.reconnection(true);
  socket.io.connect();
  await connected(socket);
  await settle(socket);
  assert.deepEqual([socket.id, socket.recovered], [id, true]);
  // The payload tells what session is to be recovered.
  assert.deepEqual(events.map(([event]) => event), ["news", "auth"]);
  assert.deepEqual(Object.keys(events[1][1]).sort(), ["offset", "pid"]);
});

if (on("RECOVERY")) await check("RECOVERY: what was begun goes on when its client is back", async () => {
  const socket = await connect("/", returning);
  await settle(socket);
  const numbers = [];
  socket.on("n", (i) => numbers.push(i));
  const end = next(socket, "n-end");
  socket.emit("numbers", { count: 20, delay: 50 });
  await next(socket, "n");
  socket.io.engine.close();
  await next(socket, "connect");
  assert.equal(socket.recovered, true);
  await end;
  assert.deepEqual(numbers, Array.from({ length: 20 }, (_, i) => i));
});

if (on("RECOVERY_SKIP_MIDDLEWARES")) await check("RECOVERY_SKIP_MIDDLEWARES: they run again, or they don't", async () => {
  const socket = await connect("/auth", { ...returning, auth: { token: "secret" } });
  await settle(socket);
  const { id } = socket;
  socket.io.engine.close();
  await next(socket, "connect");
  assert.equal(socket.id, id);
  const twice = env.RECOVERY_SKIP_MIDDLEWARES === "0" ? ["first", "second"] : [];
  assert.deepEqual((await ask(socket, "getState"))[0].data, { order: ["first", "second", ...twice] });
});

if (on("CLEANUP_NAMESPACES")) await check("CLEANUP_NAMESPACES: a dynamic namespace goes with its last socket, or it stays", async () => {
  const shared = manager();
  const [main, first] = [shared.socket("/"), shared.socket("/dynamic-1")];
  await Promise.all([connected(main), connected(first)]);
  const second = await connect("/dynamic-1");
  assert.equal((await stats()).sockets["/dynamic-1"], 2);
  first.disconnect();
  await until(async () => (await stats()).sockets["/dynamic-1"] === 1, "the first to be gone");
  second.disconnect();
  await until(async () => !(await stats()).sockets["/dynamic-1"], "the last to be gone");
  await settle(main);
  assert.equal((await stats()).sockets["/dynamic-1"], env.CLEANUP_NAMESPACES === "1" ? undefined : 0);
  assert.equal((await stats()).sockets["/custom"], 0, "a fixed one stays");
  first.connect();
  assert.deepEqual(await next(first, "nsp"), ["/dynamic-1"]);
  assert.equal((await stats()).sockets["/dynamic-1"], 1);
});

if (on("ALLOW_REQUEST_DELAY")) await check("ALLOW_REQUEST_DELAY: each handshake takes that long, and nothing else does", async () => {
  const delay = Number(env.ALLOW_REQUEST_DELAY);
  const time = async (what) => {
    const start = performance.now();
    await what();
    return performance.now() - start;
  };
  for (const path of BOTH) {
    let raw;
    assert.ok((await time(async () => (raw = await RawPolling.open(path)))) > delay - 20);
    assert.ok((await time(() => raw.post("1"))) < delay);
    assert.ok((await time(() => RawWebSocket.open(path))) > delay - 20);
  }
});

if (on("EMIT_AUTH", "0")) await check("EMIT_AUTH: no `auth`, and `nsp` all the same", async () => {
  for (const [name, events] of [["/", []], ["/custom", []], ["/dynamic-1", ["nsp"]]]) {
    const socket = client(name, { auth: { a: 1 } });
    const heard = [];
    socket.onAny((event) => heard.push(event));
    await connected(socket);
    await settle(socket);
    assert.deepEqual(heard, events);
  }
});

if (on("CORS_ORIGIN")) await check("CORS_ORIGIN: the headers are on everything that the endpoints answer", async () => {
  const origins = env.CORS_ORIGIN.split(",").map((one) => one.trim());
  const origin = env.CORS_ORIGIN === "*" ? "http://any.example" : origins.at(-1);
  const headers = { origin };
  const expected = env.CORS_ORIGIN === "*" ? "*" : origin;
  for (const path of BOTH) {
    const opened = await http(path + query("polling"), { headers });
    const session = path + query("polling", `&sid=${JSON.parse(opened.body.slice(1)).sid}`);
    const answers = [opened];
    const request = async (status, url, options) => {
      answers.push(await http(url, { ...options, headers }));
      assert.equal(answers.at(-1).status, status, url);
    };
    await request(200, session, { method: "POST", body: path === "/engine.io/" ? "4x" : "40" });
    await request(200, session);
    await request(413, session, { method: "POST", body: "4".padEnd(1_000_001, "x") });
    await request(200, session, { method: "POST", body: "1" });
    await request(400, session);
    await request(400, path + query("pigeon"));
    await request(204, path + query("polling"), { method: "OPTIONS" });
    if (path === "/socket.io/") await request(403, path + query("polling", "&deny"));
    for (const { status, headers: got } of answers) {
      assert.equal(got["access-control-allow-origin"], expected, `status ${status}`);
      assert.equal(got["access-control-allow-credentials"], env.CORS_CREDENTIALS === "1" ? "true" : undefined);
    }
  }
});

if (on("COOKIE")) await check("COOKIE: set by a polling handshake, with the session's id", async () => {
  for (const path of BOTH) {
    const raw = await RawPolling.open(path);
    assert.deepEqual(raw.answer.headers["set-cookie"], [`${env.COOKIE}=${raw.handshake.sid}; Path=/; HttpOnly; SameSite=Lax`]);
    assert.equal((await raw.post("1")).headers["set-cookie"], undefined);
    assert.equal((await RawWebSocket.open(path)).response.headers["set-cookie"], undefined);
  }
});

done();
