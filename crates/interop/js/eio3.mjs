// Clients of Socket.IO 2, over Engine.IO 3. Start the server with EIO3=1 and a short heartbeat (such as PING_INTERVAL=300 PING_TIMEOUT=200).

import assert from "node:assert/strict";
import { ask, check as checkIt, collect, connected, done, next, pattern, sorted, stats, until, within } from "./lib.mjs";
import { client, closeAll, connect, manager, transports } from "./lib2.mjs";

/** A check that closes the clients behind it. */
const check = (name, body) =>
  checkIt(name, async () => {
    try {
      await body();
    } finally {
      closeAll();
      await until(async () => (await stats()).engine === 0, "the end of the sessions");
    }
  });

await check("a client comes in without asking", async () => {
  const socket = client();
  const greeting = next(socket, "auth");
  await connected(socket);
  await greeting;
  assert.equal(socket.id, socket.io.engine.id);
  const [state] = await ask(socket, "getState");
  assert.equal(state.id, socket.id);
  assert.deepEqual(state.rooms, [socket.id]);
  assert.deepEqual(await ask(socket, "getProtocol"), [3]);
});

await check("the transport is the one that was asked for", async () => {
  const socket = await connect();
  const last = transports.at(-1);
  await until(async () => (await ask(socket, "getTransport"))[0] === last, `the move to ${last}`);
  assert.equal(socket.io.engine.transport.name, last);
});

await check("text of all kinds comes back", async () => {
  const socket = await connect();
  const values = ["", "x", "é€😀", "line\nbreak", "back\\nslash", '"quoted"', "\u2028\u2029\u001e", 0, -1.5, null, true, [], { a: { b: [1] } }];
  for (const value of values) {
    const answer = next(socket, "message-back");
    socket.emit("message", value);
    assert.deepEqual(await answer, [value]);
  }
  const answer = next(socket, "message-back");
  socket.emit("message", ...values);
  assert.deepEqual(await answer, values);
});

await check("binary comes back, at any depth", async () => {
  const socket = await connect();
  for (const size of [0, 1, 2, 3, 1000, 100_000]) {
    const answer = next(socket, "message-back");
    socket.emit("message", { bytes: pattern(size), more: ["é", pattern(2)] }, pattern(1));
    const [{ bytes, more }, last] = await answer;
    assert.deepEqual([bytes, more[1], last].map((one) => Buffer.from(one)), [pattern(size), pattern(2), pattern(1)]);
    assert.equal(more[0], "é");
  }
});

await check("acknowledgements, asked for by either side", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "message-with-ack", 1, "é", [2]), [1, "é", [2]]);
  assert.deepEqual(await ask(socket, "message-with-ack"), []);
  const [bytes] = await ask(socket, "message-with-ack", pattern(5));
  assert.deepEqual(Buffer.from(bytes), pattern(5));

  const answers = collect(socket, "serverAckResult");
  socket.on("question", (x, reply) => reply(x, pattern(3)));
  socket.emit("serverAck", { event: "question", timeout: 5_000 }, "why");
  await until(() => answers.length === 1, "the result");
  const [error, [why, three]] = answers[0];
  assert.deepEqual([error, why, Buffer.from(three)], [null, "why", pattern(3)]);
});

await check("a thousand events keep their order, both ways, also while the transport changes", async () => {
  const socket = client();
  const numbers = collect(socket, "n");
  await connected(socket);
  socket.emit("numbers", { count: 1_000 });
  for (let i = 0; i < 1_000; i++) socket.emit("push", i);
  await next(socket, "n-end");
  assert.deepEqual(numbers.map(([n]) => n), Array.from({ length: 1_000 }, (_, i) => i));
  const [report] = await ask(socket, "pushReport");
  assert.deepEqual(report, { count: 1_000, inOrder: true, first: 0, last: 999 });
});

await check("namespaces share a connection, and their queries are their own", async () => {
  const shared = manager();
  const [main, custom] = [shared.socket("/"), shared.socket("/custom")];
  await Promise.all([connected(main), connected(custom)]);
  assert.equal(custom.id, `/custom#${main.id}`);
  assert.deepEqual((await ask(custom, "getState"))[0].id, custom.id);
  assert.deepEqual(await ask(custom, "message-with-ack", pattern(1), 1), [pattern(1), 1]);

  const abc = shared.socket("/abc", { query: { token: "x y&=é", n: 1 } });
  const [handshake] = await next(abc, "handshake");
  assert.deepEqual(handshake.auth, { token: "x y&=é", n: "1" });
  assert.equal(handshake.query.EIO, "3");
});

await check("a query lets in and keeps out", async () => {
  const inside = client("/auth", { query: { token: "secret" } });
  assert.deepEqual(await next(inside, "auth"), [{ token: "secret" }]);
  assert.deepEqual((await ask(inside, "getState"))[0].data, { order: ["first", "second"] });
  const outside = client("/auth", { query: { token: "guess" } });
  assert.deepEqual(await next(outside, "error"), [{ code: 401, reason: "bad token" }]);
});

await check("refusals are bare values, and the others on the connection stay", async () => {
  const shared = manager();
  const main = shared.socket("/");
  await connected(main);
  assert.deepEqual(await next(shared.socket("/no"), "error"), ["Auth failed (custom namespace)"]);
  assert.deepEqual(await next(shared.socket("/nowhere"), "error"), [{ message: "Invalid namespace" }]);
  assert.deepEqual(await ask(main, "echo", 1), [1]);
  const refused = client("/?fail=1");
  assert.deepEqual(await next(refused, "error"), ["Auth failed (main namespace)"]);
});

await check("namespaces on demand", async () => {
  const socket = client("/dynamic-3");
  assert.deepEqual(await next(socket, "nsp"), ["/dynamic-3"]);
  const blue = await connect("/tenant-blue", { query: { key: "blue" } });
  assert.equal((await ask(blue, "getState"))[0].nsp, "/tenant-blue");
});

await check("rooms and broadcasts, text and binary", async () => {
  const [a, b, c] = await Promise.all([connect(), connect(), connect()]);
  assert.deepEqual(await ask(a, "join", "r"), [sorted([a.id, "r"])]);
  await ask(b, "join", "r");
  const heard = [a, b, c].map((socket) => collect(socket, "news"));
  await ask(a, "broadcast", { to: ["r"] }, "news", "é", pattern(4));
  await ask(c, "broadcast", { to: ["r"], except: [b.id] }, "news", 2);
  await ask(c, "broadcast", { self: true }, "news", 3);
  for (const socket of [a, b, c]) await ask(socket, "echo", "settled");
  const plain = heard.map((events) => events.map((args) => args.map((one) => (Buffer.isBuffer(one) || one instanceof ArrayBuffer ? "bytes" : one))));
  assert.deepEqual(plain, [[[2], [3]], [["é", "bytes"], [3]], [[3]]]);
  assert.deepEqual(Buffer.from(heard[1][0][1]), pattern(4));
  assert.deepEqual(await ask(a, "fetchSockets", { to: ["r"] }), [sorted([a.id, b.id])]);
});

await check("broadcasts with acknowledgements", async () => {
  const [a, b, c] = await Promise.all([connect(), connect(), connect()]);
  for (const socket of [b, c]) socket.on("vote", (reply) => reply(pattern(2)));
  const [error, votes] = await ask(a, "broadcastWithAck", { timeout: 5_000 }, "vote");
  assert.deepEqual([error, votes.map((vote) => Buffer.from(vote))], [null, [pattern(2), pattern(2)]]);
});

await check("middleware and catch-all", async () => {
  const socket = await connect();
  const [refusal] = await Promise.all([next(socket, "mw-error"), socket.emit("blocked")]);
  assert.deepEqual(refusal, ["blocked by middleware"]);
  const [seen] = await Promise.all([next(socket, "any"), socket.emit("any:thing", 1)]);
  assert.deepEqual(seen, ["any:thing", 1]);
});

await check("an idle connection lives, by the client's pings", async () => {
  const socket = await connect();
  const pongs = collect(socket, "pong");
  await until(() => pongs.length >= 4, "four pongs");
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
});

/** What both sides are told when `part` ends the connection of a client in the room `r`. */
async function parting(part) {
  const watcher = await connect("/", { transports: ["websocket"] });
  const reports = collect(watcher, "peer-disconnect");
  await ask(watcher, "watch");
  const socket = await connect();
  const { id } = socket;
  await until(async () => (await ask(socket, "getTransport"))[0] === transports.at(-1), "its transport");
  await ask(socket, "join", "r");
  const gone = next(socket, "disconnect");
  await part(socket);
  const [client] = await gone;
  const report = await until(() => reports.find(([of]) => of === id), `the disconnection of ${id}`);
  assert.deepEqual(report[2], sorted([id, "r"]));
  return [client, report[1]];
}

const isFramed = transports.at(-1) === "websocket";

await check("the client leaves", async () => {
  const reasons = await parting((socket) => socket.disconnect());
  assert.deepEqual(reasons, ["io client disconnect", "client namespace disconnect"]);
});

await check("the client closes the connection", async () => {
  const reasons = await parting((socket) => socket.io.engine.close());
  assert.deepEqual(reasons, ["forced close", "transport close"]);
});

await check("the server sends the socket away", async () => {
  const reasons = await parting((socket) => socket.emit("disconnectMe", false));
  assert.deepEqual(reasons, ["io server disconnect", "server namespace disconnect"]);
});

await check("the server sends the socket away and closes the connection", async () => {
  const reasons = await parting((socket) => socket.emit("disconnectMe", true));
  assert.deepEqual(reasons, ["io server disconnect", "server namespace disconnect"]);
});

await check("the server closes the connection", async () => {
  const [client, server] = await parting((socket) => socket.emit("closeEngine"));
  assert.equal(client, "transport close");
  assert.match(server, isFramed ? /^forced close$/ : /^forced( server)? close$/);
});

await check("a client that falls silent is missed", async () => {
  // The reference forgets the deadline at an upgrade, and would wait for ever.
  const only = transports.slice(0, 1);
  const watcher = await connect("/", { transports: ["websocket"] });
  const report = next(watcher, "peer-disconnect");
  await ask(watcher, "watch");
  const socket = await connect("/", { transports: only });
  const { id } = socket;
  const { engine } = socket.io;
  // Neither pings nor its own timeout.
  clearTimeout(engine.pingIntervalTimer);
  clearTimeout(engine.pingTimeoutTimer);
  engine.off("heartbeat");
  engine.setPing = () => {};
  const [of, reason] = await report;
  assert.deepEqual([of, reason], [id, "ping timeout"]);
});

await check("a client comes back by itself", async () => {
  const socket = await connect("/", { reconnection: true, reconnectionDelay: 10 });
  const before = socket.id;
  const back = next(socket, "reconnect");
  socket.emit("closeEngine");
  await back;
  await within(connected(socket), "the connection");
  assert.notEqual(socket.id, before);
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
});

done();
