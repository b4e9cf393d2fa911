// Who may come in: the auth payload, middlewares in their order, refusals with message and data.

import assert from "node:assert/strict";
import { ask, check, client, collect, connect, done, manager, next, refused, connected, transports } from "./lib.mjs";

await check("the server sees the auth payload, and nothing without one", async () => {
  const payload = { user: "ada", nested: { list: [1, null, "x"] } };
  const socket = client("/", { auth: payload });
  assert.deepEqual(await next(socket, "auth"), [payload]);
  assert.deepEqual(await next(client("/custom"), "auth"), [{}]);
});

await check("an auth function is asked, and the handshake object has its answer", async () => {
  const socket = await connect("/", { auth: (give) => give({ token: "from a function" }), query: { lang: "é&=" } });
  const [handshake] = await ask(socket, "getHandshake");
  assert.deepEqual(handshake.auth, { token: "from a function" });
  assert.equal(handshake.query.lang, "é&=");
  assert.equal(handshake.query.EIO, "4");
  assert.equal(handshake.query.transport, transports[0]);
  assert.equal(typeof handshake.time, "string");
  assert.equal(typeof handshake.address, "string");
  assert.equal(handshake.xdomain, false);
  assert.equal(handshake.secure, false);
  assert.ok(Math.abs(handshake.issued - Date.now()) < 60_000);
  assert.ok(handshake.url.startsWith("/socket.io/?"));
  assert.ok(Object.keys(handshake.headers).every((name) => name === name.toLowerCase()));
  assert.ok(handshake.headers.host);
});

await check("/abc greets with the handshake object", async () => {
  const [handshake] = await next(client("/abc", { auth: { a: 1 } }), "handshake");
  assert.deepEqual(handshake.auth, { a: 1 });
});

await check("a wrong token is refused with message and data", async () => {
  for (const auth of [undefined, { token: "wrong" }, { token: null }]) {
    const error = await refused(client("/auth", { auth }));
    assert.equal(error.message, "unauthorized");
    assert.deepEqual(error.data, { code: 401, reason: "bad token" });
  }
});

await check("the right token passes all three middlewares, in their order", async () => {
  const socket = await connect("/auth", { auth: { token: "secret" } });
  const [state] = await ask(socket, "getState");
  assert.deepEqual(state.data, { order: ["first", "second"] });
  assert.equal(state.nsp, "/auth");
});

await check("a refused client may try again on the same connection", async () => {
  const shared = manager();
  await connected(shared.socket("/")); // keeps the connection open meanwhile
  const engine = shared.engine.id;
  const socket = shared.socket("/auth", { auth: { token: "wrong" } });
  assert.equal((await refused(socket)).message, "unauthorized");
  socket.auth = { token: "secret" };
  socket.connect();
  await connected(socket);
  assert.equal(shared.engine.id, engine);
});

await check("the main namespace refuses when the query has `fail`, without data", async () => {
  const error = await refused(client("/", { query: { fail: "" } }));
  assert.equal(error.message, "Auth failed (main namespace)");
  assert.equal(error.data, undefined);
});

await check("`fail` does not concern other namespaces", async () => {
  await connect("/custom", { query: { fail: "1" } });
});

await check("/no refuses everybody, and others on the connection live on", async () => {
  const shared = manager();
  const main = shared.socket("/");
  await connected(main);
  const closed = collect(main, "disconnect");
  assert.equal((await refused(shared.socket("/no"))).message, "Auth failed (custom namespace)");
  assert.deepEqual(await ask(main, "echo", 1), [1]);
  assert.deepEqual(closed, []);
});

done();
