// The behaviour of the conformance server item by item: each check begins with the number of what it is about.
//
// 7 to 13 are about HTTP, 14 to 23 about namespaces, 24 to 61 about the events that a socket can be asked for.

import assert from "node:assert/strict";
import net from "node:net";
import { ask, base, check, client, collect, connect, connected, done, http, manager, next, pattern, RawPolling, RawWebSocket, refused } from "./lib.mjs";
import { settle, sorted, stats, until, within } from "./lib.mjs";

/** Whether this is not our server but the official one, which shows what the checks get wrong themselves. */
const isReference = Boolean(process.env.REFERENCE);

const bin = (bytes) => ({ _bin: Buffer.from(bytes).toString("base64") });

/** Emits, and gives the arguments of the next event of that name. */
async function heard(socket, name, event, ...args) {
  const answer = next(socket, name);
  socket.emit(event, ...args);
  return answer;
}

/** Emits, and gives all events up to the answer to a question asked after it, `[name, …args]` each. */
async function all(socket, event, ...args) {
  const list = [];
  await settle(socket); // behind what it was greeted with
  socket.onAny((...one) => list.push(one));
  socket.emit(event, ...args);
  await settle(socket);
  socket.offAny();
  return list;
}

// ---------------------------------------------------------------- HTTP

await check("7: healthz", async () => {
  const { status, body } = await http("/healthz");
  assert.deepEqual([status, body], [200, "ok"]);
});

await check("8: stats count what lives, and forget at once what has ended", async () => {
  const before = await http("/stats");
  assert.equal(before.status, 200);
  assert.match(before.headers["content-type"], /^application\/json/);
  const counted = JSON.parse(before.body);
  assert.deepEqual(Object.keys(counted).sort(), ["echo", "engine", "sockets"]);
  for (const name of ["/", "/custom", "/auth", "/foo", "/timeout_socket", "/valid", "/asd", "/abc", "/no"]) {
    assert.equal(counted.sockets[name], 0, name);
  }
  const echo = await RawPolling.open("/engine.io/");
  const raw = await RawPolling.join();
  await raw.post("40/dynamic-88,");
  await raw.packetsUntil((packet) => packet.startsWith("40/dynamic-88"));
  const { engine, echo: echoes, sockets } = await stats();
  assert.deepEqual([engine, echoes, sockets["/"], sockets["/dynamic-88"]], [1, 1, 1, 1]);
  await raw.post("1");
  await echo.post("1");
  const after = await stats();
  assert.deepEqual([after.engine, after.echo, after.sockets["/"], after.sockets["/dynamic-88"]], [0, 0, 0, 0]);
});

await check("9: `deny` is refused, with any value, whatever the transport", async () => {
  for (const query of ["&deny=1", "&deny=", "&deny"]) {
    const answer = await http(`/socket.io/?EIO=4&transport=polling${query}`);
    assert.equal(answer.status, 403);
    const { code, message } = JSON.parse(answer.body);
    assert.deepEqual([code, typeof message], [4, "string"]);
  }
  assert.equal((await refused(client("/", { query: { deny: "" } }))).message, "websocket error");
  await connect("/", { query: { denied: 1 } });
});

await check("10: the raw endpoint sends back text as text, binary as binary", async () => {
  const raw = await RawWebSocket.open("/engine.io/");
  for (const frame of ['40', '42["message"]', "4", pattern(300), Buffer.alloc(0)]) {
    raw.send(frame);
    assert.deepEqual(await raw.frame(), frame);
  }
  const polling = await RawPolling.open("/engine.io/");
  await polling.post("4é\x1ebAQI=");
  assert.deepEqual(await polling.packets(), ["4é", "bAQI="]);
  await polling.post("1");
});

await check("11: conformance headers on all responses of a session, `initial` on the first only", async () => {
  const names = ["x-conformance", "x-conformance-initial"];
  const of = ({ headers }) => names.map((name) => headers[name]);
  for (const path of ["/socket.io/", "/engine.io/"]) {
    const raw = await RawPolling.open(path);
    assert.deepEqual(of(raw.answer), ["1", "1"]);
    assert.deepEqual(of(await raw.post("40")), ["1", undefined]);
    assert.deepEqual(of(await raw.get()), ["1", undefined]);
    const probe = new RawWebSocket(`${path}?EIO=4&transport=websocket&sid=${raw.handshake.sid}`);
    await within(probe.opened, "the WebSocket");
    assert.deepEqual(of(probe.response), ["1", undefined]);
    await raw.post("1");
    const direct = await RawWebSocket.open(path);
    assert.deepEqual(of(direct.response), ["1", "1"]);
    assert.deepEqual(of(await http(`${path}?EIO=4&transport=polling&sid=none`)), [undefined, undefined]);
  }
});

await check("12: other paths are not found, and a WebSocket there is closed", async () => {
  for (const path of ["/", "/other", "/socket.io", "/stats/x", "/socket.i/?EIO=4&transport=polling"]) {
    assert.equal((await http(path)).status, 404, path);
  }
  for (const path of ["/other?EIO=4&transport=websocket", "/healthz"]) {
    const raw = new RawWebSocket(path);
    await within(raw.opened.then(() => assert.fail("accepted"), () => {}), "the refusal");
    // The connection is over, too.
    const { hostname, port } = new URL(base);
    const tcp = net.connect(port, hostname);
    const head = [`GET ${path} HTTP/1.1`, "Host: x", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
    tcp.write([...head, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""].join("\r\n"));
    tcp.resume();
    await within(new Promise((resolve) => tcp.on("close", resolve)), "the end of the connection", 3_000);
  }
});

await check("13: refusals have their codes, messages and status", async () => {
  for (const path of ["/socket.io/", "/engine.io/"]) {
    for (const [query, options, body] of [
      ["", {}, '{"code":0,"message":"Transport unknown"}'],
      ["?EIO=4&transport=webtransport", {}, '{"code":0,"message":"Transport unknown"}'],
      ["?EIO=4&transport=polling&sid=x", {}, '{"code":1,"message":"Session ID unknown"}'],
      ["?EIO=4&transport=polling", { method: "POST", body: "40" }, '{"code":2,"message":"Bad handshake method"}'],
      ["?EIO=4&transport=websocket", {}, '{"code":3,"message":"Bad request"}'],
      ["?EIO=3&transport=polling", {}, '{"code":5,"message":"Unsupported protocol version"}'],
    ]) {
      const answer = await http(path + query, options);
      assert.deepEqual([query, answer.status, answer.body], [query, 400, body]);
    }
    // The reference lets the last one in before it hangs up.
    for (const query of ["EIO=4&transport=websocket&sid=x", "EIO=4&transport=x", "EIO=3&transport=websocket"].slice(0, isReference ? 2 : 3)) {
      const raw = new RawWebSocket(`${path}?${query}`);
      const error = await within(raw.opened.then(() => null, (reason) => reason), "the refusal");
      assert.match(error?.message ?? "accepted", /^Unexpected server response: 4\d\d$/, query);
    }
  }
});

// ---------------------------------------------------------------- namespaces

await check("14: the main namespace refuses a handshake query with `fail`", async () => {
  const error = await refused(client("/", { query: { fail: 0 } }));
  assert.deepEqual([error.message, error.data], ["Auth failed (main namespace)", undefined]);
});

await check("15: /custom has all handlers", async () => {
  const socket = await connect("/custom");
  assert.deepEqual(await ask(socket, "echo", "x"), ["x"]);
  assert.deepEqual(await heard(socket, "hi", "hi"), []);
});

await check("16: three middlewares of /auth, in order", async () => {
  for (const auth of [{}, { token: "Secret" }, { token: ["secret"] }]) {
    const error = await refused(client("/auth", { auth }));
    assert.deepEqual([error.message, error.data], ["unauthorized", { code: 401, reason: "bad token" }]);
  }
  const start = performance.now();
  const socket = await connect("/auth", { auth: { token: "secret" } });
  assert.ok(performance.now() - start >= 19, "the second takes its time");
  assert.deepEqual((await ask(socket, "getState"))[0].data, { order: ["first", "second"] });
});

await check("17: `auth` comes first, with the payload", async () => {
  for (const [name, auth] of [["/", undefined], ["/custom", { deep: [{ a: null }] }], ["/auth", { token: "secret" }]]) {
    const socket = client(name, { auth });
    const events = [];
    socket.onAny((...event) => events.push(event));
    await connected(socket);
    await settle(socket);
    assert.deepEqual(events, [["auth", auth ?? {}]]);
  }
});

await check("18: namespaces with little in them", async () => {
  const foo = await connect("/foo");
  assert.deepEqual(await ask(foo, "getId"), [foo.id]);
  for (const name of ["/foo", "/timeout_socket", "/valid", "/asd"]) {
    const shared = manager();
    const socket = shared.socket(name);
    const events = [];
    socket.onAny((...event) => events.push(event));
    socket.emit("hi");
    socket.emit("echo", 1, () => events.push("answered"));
    await connected(socket);
    // Another namespace of the same connection answers, after all there is.
    const main = shared.socket("/");
    await connected(main);
    await settle(main);
    assert.deepEqual(events, []);
  }
});

await check("19: /abc tells the handshake on connection", async () => {
  const socket = client("/abc", { auth: { a: [1] }, query: { q: "é" } });
  const [handshake] = await next(socket, "handshake");
  assert.deepEqual([handshake.auth, handshake.query.q], [{ a: [1] }, "é"]);
  assert.equal(typeof handshake.issued, "number");
});

await check("20: /no refuses everybody", async () => {
  const error = await refused(client("/no", { auth: { token: "secret" } }));
  assert.deepEqual([error.message, error.data], ["Auth failed (custom namespace)", undefined]);
});

await check("21: dynamic namespaces by pattern: `nsp`, then `auth`", async () => {
  const socket = client("/dynamic-007", { auth: { deny: 0 } });
  const events = [];
  socket.onAny((...event) => events.push(event));
  await connected(socket);
  await settle(socket);
  assert.deepEqual(events, [["nsp", "/dynamic-007"], ["auth", { deny: 0 }]]);
  for (const deny of [true, 1, "no", {}, []]) {
    assert.equal((await refused(client("/dynamic-8", { auth: { deny } }))).message, "denied");
  }
  for (const deny of [false, "", null]) await connect("/dynamic-8", { auth: { deny } });
});

await check("22: dynamic namespaces by function and auth payload", async () => {
  await connect("/tenant-x-y", { auth: { key: "x-y" } });
  for (const auth of [undefined, { key: "X" }, { key: 5 }, { key: null }]) {
    assert.equal((await refused(client("/tenant-5", { auth }))).message, "Invalid namespace");
  }
});

await check("23: all others are invalid", async () => {
  for (const name of ["/x", "/Custom", "/custom/", "/dynamic-", "/dynamic-1\n", "/dynamic-١", "/a/dynamic-1"]) {
    const error = await refused(manager().socket(name));
    assert.deepEqual([name, error.message, error.data], [name, "Invalid namespace", undefined]);
  }
});

// ---------------------------------------------------------------- echo

await check("24: message", async () => {
  const socket = await connect();
  for (const args of [[], [null], [1, "é", [Buffer.from("x")], { a: {} }]]) {
    assert.deepEqual(await heard(socket, "message-back", "message", ...args), args);
  }
});

await check("25: message-with-ack", async () => {
  const socket = await connect();
  for (const args of [[], [null], [Buffer.from("x"), { a: [1] }]]) assert.deepEqual(await ask(socket, "message-with-ack", ...args), args);
  assert.deepEqual(await all(socket, "message-with-ack", 1), [], "nobody has asked");
});

await check("26: emit-with-ack", async () => {
  const socket = await connect();
  for (const answer of [[], [1, Buffer.from("x"), null]]) {
    socket.once("emit-with-ack", (...args) => {
      assert.deepEqual(args.slice(0, -1), ["a", { b: 1 }]);
      args.at(-1)(...answer);
    });
    await heard(socket, "emit-with-ack", "emit-with-ack", "a", { b: 1 });
    assert.deepEqual(await next(socket, "emit-with-ack"), answer);
  }
});

await check("27: describe", async () => {
  const socket = await connect();
  const [seen] = await ask(socket, "describe", Buffer.from([1]), [[{ a: Buffer.alloc(0) }]], "x", null);
  assert.deepEqual(seen, [bin([1]), [[{ a: bin([]) }]], "x", null]);
  assert.deepEqual(await ask(socket, "describe"), [[]]);
});

await check("28: echo, a missing argument being null", async () => {
  const socket = await connect();
  for (const x of [0, "", false, null, Buffer.from("x"), [[]]]) assert.deepEqual(await ask(socket, "echo", x), [x]);
  assert.deepEqual(await ask(socket, "echo", 1, 2), [1]);
  assert.deepEqual(await ask(socket, "echo"), [null]);
});

// ---------------------------------------------------------------- introspection

await check("29: the handshake", async () => {
  const options = { query: { lang: "é&=", empty: "" }, auth: { a: 1 }, extraHeaders: { "X-Test": "yes", origin: "http://example.com" } };
  const before = Date.now();
  const socket = await connect("/", options);
  const [handshake] = await ask(socket, "getHandshake");
  const { address, auth, headers, issued, query, secure, time, url, xdomain } = handshake;
  assert.deepEqual(Object.keys(handshake).sort(), ["address", "auth", "headers", "issued", "query", "secure", "time", "url", "xdomain"]);
  assert.match(address, /^(::ffff:)?127\.0\.0\.1$/);
  assert.deepEqual(auth, { a: 1 });
  assert.deepEqual([headers["x-test"], headers.host], ["yes", base.slice("http://".length)]);
  assert.ok(issued >= before - 1000 && issued <= Date.now() + 1000);
  assert.deepEqual([query.EIO, query.transport, query.lang, query.empty], ["4", "websocket", "é&=", ""]);
  assert.deepEqual([secure, xdomain], [false, true]);
  assert.ok(Math.abs(Date.parse(time) - issued) < 1001, time);
  assert.match(url, /^\/socket\.io\/\?.*EIO=4/);
  const [plain] = await ask(await connect(), "getHandshake");
  assert.deepEqual([plain.auth, plain.xdomain], [{}, false]);
});

await check("29: headers that come twice, and those that are no ASCII", async () => {
  const headers = { "x-twice": ["a", "b"], cookie: ["a=1", "b=2"], "x-umlaut": "\u00e4" };
  const raw = new RawWebSocket("/socket.io/?EIO=4&transport=websocket", { headers });
  await within(raw.opened, "WebSocket handshake");
  raw.send("40");
  await raw.frameUntil((frame) => frame.startsWith("40"));
  raw.send('427["getHandshake"]');
  const answer = await raw.frameUntil((frame) => frame.startsWith("437"));
  const [handshake] = JSON.parse(answer.slice(3));
  const names = ["x-twice", "cookie", "x-umlaut"];
  assert.deepEqual(names.map((name) => handshake.headers[name]), ["a, b", "a=1; b=2", "\u00e4"]);
});

await check("30: getId", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "getId"), [socket.id]);
});

await check("31: getTransport and getProtocol", async () => {
  assert.deepEqual(await ask(await connect(), "getTransport"), ["websocket"]);
  const socket = await connect("/", { transports: ["polling"] });
  assert.deepEqual(await ask(socket, "getTransport"), ["polling"]);
  assert.deepEqual(await ask(socket, "getProtocol"), [4]);
});

await check("32: getState", async () => {
  const socket = await connect("/custom");
  await ask(socket, "join", ["b", "a"]);
  const [state] = await ask(socket, "getState");
  assert.deepEqual(state, { id: socket.id, recovered: false, rooms: sorted([socket.id, "a", "b"]), data: {}, nsp: "/custom" });
});

await check("33: setData merges", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "setData", { a: 1, b: [1] }), []);
  assert.deepEqual(await ask(socket, "setData", { b: { c: null } }), []);
  assert.deepEqual(await ask(socket, "setData"), []);
  assert.deepEqual((await ask(socket, "getState"))[0].data, { a: 1, b: { c: null } });
  const bytes = Buffer.from("x");
  assert.deepEqual(await ask(socket, "setData", { a: bytes }), []);
  assert.deepEqual((await ask(socket, "getState"))[0].data, { a: bytes, b: { c: null } });
});

// ---------------------------------------------------------------- rooms and broadcasting

await check("34: join and leave", async () => {
  const socket = await connect();
  const { id } = socket;
  assert.deepEqual(await ask(socket, "join", "x"), [sorted([id, "x"])]);
  assert.deepEqual(await ask(socket, "join", ["y", "", "x"]), [sorted([id, "x", "y", ""])]);
  assert.deepEqual(await ask(socket, "join", []), [sorted([id, "x", "y", ""])]);
  assert.deepEqual(await ask(socket, "leave", "x"), [sorted([id, "y", ""])]);
  assert.deepEqual(await ask(socket, "leave", "never"), [sorted([id, "y", ""])]);
  const many = Array.from({ length: 3_000 }, (_, i) => `many-${i}`);
  assert.deepEqual(await ask(socket, "join", many), [sorted([id, "y", "", ...many])]);
});

// The reference keeps some of them as they are, and fails at others.
await check("34: rooms and targets of other kinds harm nobody", async () => {
  if (isReference) return;
  const socket = await connect();
  const { id } = socket;
  assert.deepEqual(await ask(socket, "join", 5), [sorted([id, "5"])]);
  assert.deepEqual(await ask(socket, "join", [6, null, {}, "7"]), [sorted([id, "5", "6", "7"])]);
  assert.deepEqual(await ask(socket, "join"), [sorted([id, "5", "6", "7"])]);
  assert.deepEqual(await ask(socket, "leave", 5), [sorted([id, "6", "7"])]);
  for (const target of [undefined, null, 1, "6", [], { to: null, self: 0, except: null }, { timeout: "soon" }]) {
    assert.deepEqual(await ask(socket, "broadcast", target, "news"), [], JSON.stringify(target));
  }
  const news = collect(socket, "news");
  for (const target of [{ to: "6", self: 1 }, { to: 7, self: true }, { to: [6], self: "yes" }]) {
    assert.deepEqual(await ask(socket, "broadcast", target, "news"), []);
  }
  assert.equal(news.length, 3);
  assert.deepEqual(await ask(socket, "disconnectSockets", { to: 99 }, "true"), []);
});

/** Three sockets, the first in `r`, the second in `r` and `s`, with what each hears. */
async function three() {
  const sockets = await Promise.all([1, 2, 3].map(() => connect()));
  await ask(sockets[0], "join", "r");
  await ask(sockets[1], "join", ["r", "s"]);
  const news = sockets.map((socket) => collect(socket, "news"));
  return { sockets, news };
}

await check("35: broadcast", async () => {
  const { sockets, news } = await three();
  const [a, b] = sockets;
  for (const [target, wanted] of [
    [{}, [0, 1, 1]],
    [null, [0, 1, 1]],
    [{ self: true }, [1, 1, 1]],
    [{ to: ["r"] }, [0, 1, 0]],
    [{ to: ["r", "s"], self: true }, [1, 1, 0]],
    [{ except: ["s"], self: true }, [1, 0, 1]],
    [{ to: ["r"], except: [b.id], self: true }, [1, 0, 0]],
    [{ to: [], except: [], self: false, volatile: true }, [0, 1, 1]],
    [{ to: ["none"] }, [0, 0, 0]],
  ]) {
    assert.deepEqual(await ask(a, "broadcast", target, "news", "x", Buffer.from("y")), []);
    await settle(...sockets);
    assert.deepEqual([target, news.map((list) => list.length)], [target, wanted]);
    for (const list of news) for (const args of list.splice(0)) assert.deepEqual(args, ["x", Buffer.from("y")]);
  }
});

await check("36: broadcastWithAck", async () => {
  const { sockets } = await three();
  const [a, b, c] = sockets;
  b.on("vote", (x, answer) => answer(x, "dropped"));
  c.on("vote", (x, answer) => answer());
  const [none, answers] = await ask(a, "broadcastWithAck", {}, "vote", { n: 1 });
  assert.equal(none, null);
  assert.deepEqual(sorted(answers.map((one) => JSON.stringify(one))), ["null", '{"n":1}'], "no argument is null");
  const start = performance.now();
  assert.deepEqual(await ask(a, "broadcastWithAck", { self: true, to: ["r"] }, "vote", 2), ["operation has timed out", [2]]);
  assert.ok(performance.now() - start >= 950, "within a second");
  assert.deepEqual(await ask(a, "broadcastWithAck", { to: ["none"] }, "vote"), [null, []]);
});

await check("37: allRooms", async () => {
  const { sockets } = await three();
  assert.deepEqual(await ask(sockets[2], "allRooms"), [sorted([...sockets.map((socket) => socket.id), "r", "s"])]);
});

await check("38: watch: id, reason and rooms of a socket that is no more", async () => {
  const { sockets } = await three();
  const [watcher, leaver] = sockets;
  assert.deepEqual(await ask(watcher, "watch"), []);
  assert.ok((await ask(watcher, "getState"))[0].rooms.includes("watchers"));
  await ask(leaver, "watch");
  const { id } = leaver;
  const told = next(watcher, "peer-disconnect");
  const left = told.then(async () => [(await ask(watcher, "fetchSockets", {}))[0].includes(id), (await stats()).sockets["/"]]);
  leaver.disconnect();
  assert.deepEqual(await told, [id, "client namespace disconnect", sorted([id, "r", "s", "watchers"])]);
  assert.deepEqual(await left, [false, 2]);
});

await check("39: fetchSockets starts from the namespace", async () => {
  const { sockets } = await three();
  const [a, b, c] = sockets.map((socket) => socket.id);
  for (const [target, wanted] of [
    [{}, [a, b, c]],
    [undefined, [a, b, c]],
    [{ self: false, to: ["r"] }, [a, b]],
    [{ except: ["s"] }, [a, c]],
    [{ to: ["none"] }, []],
  ]) {
    assert.deepEqual(await ask(sockets[0], "fetchSockets", target), [sorted(wanted)]);
  }
});

await check("40: socketsJoin", async () => {
  const { sockets } = await three();
  const [a, b, c] = sockets.map((socket) => socket.id);
  assert.deepEqual(await ask(sockets[2], "socketsJoin", { to: ["r"] }, ["t", "u"]), []);
  assert.deepEqual(await ask(sockets[2], "socketsJoin", { to: ["s"] }, "v"), []);
  assert.deepEqual(await ask(sockets[2], "fetchSockets", { to: ["u"] }), [sorted([a, b])]);
  assert.deepEqual(await ask(sockets[2], "fetchSockets", { to: ["v"] }), [[b]]);
  await ask(sockets[2], "socketsJoin", {}, "all");
  assert.deepEqual(await ask(sockets[2], "fetchSockets", { to: ["all"] }), [sorted([a, b, c])]);
});

await check("41: socketsLeave", async () => {
  const { sockets } = await three();
  const [a, b] = sockets;
  assert.deepEqual(await ask(a, "socketsLeave", { to: ["s"] }, ["r", "s"]), []);
  assert.deepEqual((await ask(b, "getState"))[0].rooms, [b.id]);
  assert.deepEqual(await ask(a, "fetchSockets", { to: ["r"] }), [[a.id]]);
});

await check("42: disconnectSockets answers first", async () => {
  const { sockets } = await three();
  const [a, b, c] = sockets;
  const gone = next(b, "disconnect");
  assert.deepEqual(await ask(a, "disconnectSockets", { to: ["s"] }, false), []);
  assert.equal((await gone)[0], "io server disconnect");
  const closed = next(c.io.engine, "close");
  const order = [];
  a.on("disconnect", (reason) => order.push(reason));
  a.emit("disconnectSockets", {}, true, () => order.push("answered"));
  await closed;
  await until(() => order.length === 2, "the end of both");
  assert.deepEqual(order, ["answered", "io server disconnect"]);
  await until(async () => (await stats()).engine === 0, "the end of the connections", 2_000);
});

// ---------------------------------------------------------------- streams

await check("43: numbers", async () => {
  const socket = await connect();
  const events = async (options) => {
    const list = [];
    const end = next(socket, "n-end");
    socket.on("n", (...args) => list.push(args));
    socket.emit("numbers", options);
    const [count] = await end;
    socket.off("n");
    return [list, count];
  };
  assert.deepEqual(await events(), [[], 0]);
  assert.deepEqual(await events({ count: 2 }), [[[0], [1]], 2]);
  assert.deepEqual(await events({ count: 2, bytes: 3 }), [[[0, "xxx"], [1, "xxx"]], 2]);
  assert.deepEqual(await events({ count: 1, bytes: 300, binary: true }), [[[0, pattern(300)]], 1]);
  assert.deepEqual(await events({ count: 1, binary: true, volatile: true }), [[[0]], 1]);
  // More than waits for one client at a time.
  const [large] = await events({ count: 120, bytes: 900_000 });
  assert.deepEqual(large.map(([i, { length }]) => [i, length]), Array.from({ length: 120 }, (_, i) => [i, 900_000]));
  const [many] = await events({ count: 150_000 });
  assert.ok(many.length === 150_000 && many.every(([i], at) => i === at));
  const start = performance.now();
  assert.equal((await events({ count: 4, delay: 50 }))[1], 4);
  assert.ok(performance.now() - start >= 145);
});

await check("44: push and pushReport", async () => {
  const socket = await connect();
  const report = async (...numbers) => {
    for (const i of numbers) assert.deepEqual(await ask(socket, "push", i, "anything", [Buffer.from("x")]), [i]);
    return (await ask(socket, "pushReport"))[0];
  };
  assert.deepEqual(await report(), { count: 0, inOrder: true, first: null, last: null });
  assert.deepEqual(await report(5, 6, 7), { count: 3, inOrder: true, first: 5, last: 7 });
  assert.deepEqual(await report(5, 7), { count: 2, inOrder: false, first: 5, last: 7 });
  assert.deepEqual(await report(7, 7), { count: 2, inOrder: false, first: 7, last: 7 });
  assert.deepEqual(await report(-0.5, 0.5), { count: 2, inOrder: true, first: -0.5, last: 0.5 });
});

await check("45: binGen", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "binGen", [0, 300, 1]), [[pattern(0), pattern(300), pattern(1)]]);
  assert.deepEqual(await ask(socket, "binGen", []), [[]]);
});

await check("45: what nobody could keep or finish harms nobody", async () => {
  const socket = await connect();
  if (!isReference) {
    for (const sizes of [[1e12], Array(1e5).fill(1e6), [2 ** 53], [-1], ["x"]]) socket.emit("binGen", sizes);
    socket.emit("numbers", { count: 1, bytes: 1e15 });
    socket.emit("numbers", { count: 1, bytes: 1e15, binary: true });
    (await connect()).emit("numbers", { count: 1e15, volatile: true });
  }
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
});

await check("46: slowEcho, while others are handled", async () => {
  const socket = await connect();
  const start = performance.now();
  const slow = ask(socket, "slowEcho", 200, Buffer.from("x"));
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
  assert.ok(performance.now() - start < 200);
  assert.deepEqual(await slow, [Buffer.from("x")]);
  assert.ok(performance.now() - start >= 199);
  assert.deepEqual(await ask(socket, "slowEcho", 0.5), [null]);
  const many = Array.from({ length: 3_000 }, (_, i) => ask(socket, "slowEcho", 300, i));
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
  assert.deepEqual((await Promise.all(many)).flat(), Array.from({ length: 3_000 }, (_, i) => i));
});

await check("47: ackTwice", async () => {
  const raw = await RawWebSocket.join();
  raw.send('427["ackTwice"]');
  raw.send('428["echo",1]');
  assert.deepEqual([await raw.frame(), await raw.frame()], ["437[1]", "438[1]"]);
});

await check("48: serverAck", async () => {
  const socket = await connect();
  socket.on("question", (...args) => args.pop()(...args));
  socket.on("other", (answer) => answer(Buffer.from("x"), null));
  assert.deepEqual(await heard(socket, "serverAckResult", "serverAck", {}, 1, "x"), [null, [1, "x"]]);
  assert.deepEqual(await heard(socket, "serverAckResult", "serverAck"), [null, []]);
  assert.deepEqual(await heard(socket, "serverAckResult", "serverAck", { event: "other", timeout: 5_000 }), [null, [Buffer.from("x"), null]]);
  const start = performance.now();
  assert.deepEqual(await heard(socket, "serverAckResult", "serverAck", { event: "nobody", timeout: 150 }), ["timeout", []]);
  assert.ok(performance.now() - start >= 149);
});

// ---------------------------------------------------------------- middleware, catch-all, ends

await check("49: a blocked event", async () => {
  const socket = await connect();
  assert.deepEqual(await all(socket, "blocked", 1, () => assert.fail("answered")), [["mw-error", "blocked by middleware"]]);
  assert.deepEqual(await all(socket, "blocked "), []);
});

await check("50: any", async () => {
  const socket = await connect();
  assert.deepEqual(await all(socket, "any:x", 1, Buffer.from("y"), () => {}), [["any", "any:x", 1, Buffer.from("y")]]);
  assert.deepEqual(await all(socket, "any:"), [["any", "any:"]]);
  assert.deepEqual(await all(socket, "any"), []);
});

await check("51: disconnectMe", async () => {
  const shared = manager();
  const [main, custom] = [shared.socket("/"), shared.socket("/custom")];
  await Promise.all([connected(main), connected(custom)]);
  assert.deepEqual((await heard(main, "disconnect", "disconnectMe"))[0], "io server disconnect");
  assert.deepEqual(await ask(custom, "echo", 1), [1]);
  main.connect();
  await connected(main);
  const both = Promise.all([next(main, "disconnect"), next(shared.engine, "close")]);
  custom.emit("disconnectMe", true);
  assert.equal((await both)[0][0], "io server disconnect");
});

for (const [number, event] of [[52, "closeEngine"], [53, "killEngine"]]) {
  await check(`${number}: ${event}`, async () => {
    const shared = manager();
    const [main, custom] = [shared.socket("/"), shared.socket("/custom")];
    await Promise.all([connected(main), connected(custom)]);
    const gone = Promise.all([main, custom].map((socket) => next(socket, "disconnect")));
    main.emit(event);
    assert.deepEqual((await gone).map(([reason]) => reason), ["transport close", "transport close"]);
    await until(async () => (await stats()).engine === 0, "the end of the session", 2_000);
  });
}

// ---------------------------------------------------------------- fixed answers

await check("54: hi, false", async () => {
  const socket = await connect();
  assert.deepEqual(await all(socket, "hi"), [["hi"]]);
  assert.deepEqual(await all(socket, "false"), [["false", false]]);
});

await check("55: ack", async () => {
  const socket = await connect();
  const got = collect(socket, "got it");
  for (const [answer, count] of [[[5, { test: true }], 1], [[5, { test: false }], 1], [[6, { test: true }], 1], [[], 1], [[5, { test: true }], 2]]) {
    socket.once("ack", (reply) => reply(...answer));
    await heard(socket, "ack", "ack");
    await until(() => got.length >= count, "`got it`");
    await settle(socket);
    assert.deepEqual([answer, got.length], [answer, count]);
  }
});

await check("56: dates", async () => {
  const socket = await connect();
  const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
  const [answered] = await ask(socket, "getAckDate");
  const [told] = await heard(socket, "takeDate", "getDate");
  const [{ date }] = await heard(socket, "takeDateObj", "getDateObj");
  for (const one of [answered, told, date]) {
    assert.match(one, ISO);
    assert.ok(Math.abs(Date.parse(one) - Date.now()) < 60_000);
  }
});

await check("57: getUtf8", async () => {
  const texts = ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"];
  assert.deepEqual(await all(await connect(), "getUtf8"), texts.map((text) => ["takeUtf8", text]));
});

await check("58: doge, getbin", async () => {
  const socket = await connect();
  assert.deepEqual(await all(socket, "doge"), [["doge", Buffer.from("asdfasdf")]]);
  assert.deepEqual(await all(socket, "getbin"), [["takebin", Buffer.from("asdfasdf")]]);
});

await check("59: buffa, blob", async () => {
  const socket = await connect();
  for (const [event, answer] of [["buffa", "buffack"], ["blob", "back"]]) {
    assert.deepEqual(await all(socket, event, Buffer.from("x")), [[answer]]);
    for (const x of ["x", [Buffer.from("x")], null]) assert.deepEqual(await all(socket, event, x), []);
    assert.deepEqual(await all(socket, event), []);
  }
});

await check("60: jsonbuff, jsonblob", async () => {
  const socket = await connect();
  const right = { hello: "lol", message: Buffer.from("x"), goodbye: "gotcha" };
  for (const event of ["jsonbuff", "jsonblob"]) {
    assert.deepEqual(await all(socket, event, right), [[`${event}-ack`]]);
    for (const wrong of [{ hello: "x" }, { message: "x" }, { goodbye: 1 }]) assert.deepEqual(await all(socket, event, { ...right, ...wrong }), []);
    assert.deepEqual(await all(socket, event), []);
  }
});

await check("61: abuff and blob sequences", async () => {
  const socket = await connect();
  const x = Buffer.from("x");
  assert.deepEqual(await all(socket, "abuff2"), []);
  assert.deepEqual(await all(socket, "abuff1", "text"), []);
  assert.deepEqual(await all(socket, "abuff2"), []);
  socket.emit("abuff1", x);
  assert.deepEqual(await all(socket, "blob1", x), [], "the two sequences do not touch");
  assert.deepEqual(await all(socket, "abuff2"), [["abuff2-ack"]]);
  socket.emit("blob2", "second");
  assert.deepEqual(await all(socket, "blob3", x), [["blob3-ack"]]);
  for (const events of [[["blob2", "second"]], [["blob1", x]], [["blob1", "x"], ["blob2", "second"]], [["blob1", x], ["blob2", "2nd"]]]) {
    const fresh = await connect();
    for (const event of events) fresh.emit(...event);
    assert.deepEqual(await all(fresh, "blob3", x), []);
  }
});

done();
