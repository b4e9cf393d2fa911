// Namespaces: fixed, made on demand, unknown; several on one connection.

import assert from "node:assert/strict";
import { ask, check, client, collect, connect, connected, done, manager, next, refused, settle, stats, until } from "./lib.mjs";

await check("a custom namespace has its own sockets", async () => {
  const socket = await connect("/custom");
  const [state] = await ask(socket, "getState");
  assert.equal(state.nsp, "/custom");
  assert.equal(state.id, socket.id);
  assert.deepEqual(state.rooms, [socket.id]);
  assert.equal((await stats()).sockets["/custom"], 1);
});

await check("namespaces without handlers accept and stay silent", async () => {
  for (const name of ["/timeout_socket", "/valid", "/asd"]) await connect(name);
  const foo = await connect("/foo");
  assert.deepEqual(await ask(foo, "getId"), [foo.id]);
});

await check("a namespace is made on demand when its name matches", async () => {
  const socket = client("/dynamic-101");
  const order = [];
  socket.onAny((event) => order.push(event));
  assert.deepEqual(await next(socket, "nsp"), ["/dynamic-101"]);
  await settle(socket);
  assert.deepEqual(order, ["nsp", "auth"]);
  const error = await refused(client("/dynamic-101", { auth: { deny: true } }));
  assert.equal(error.message, "denied");
  await connect("/dynamic-2");
});

await check("a name that almost matches is unknown", async () => {
  for (const name of ["/dynamic-", "/dynamic-1a", "/xdynamic-1", "/dynamic-1/2"]) {
    assert.equal((await refused(client(name))).message, "Invalid namespace", name);
  }
});

await check("a function decides by name and auth payload", async () => {
  const socket = await connect("/tenant-blue", { auth: { key: "blue" } });
  assert.equal((await ask(socket, "getState"))[0].nsp, "/tenant-blue");
  // Another name, since the reference does not ask the function again for a namespace that exists.
  for (const auth of [{ key: "blue" }, {}, undefined]) {
    assert.equal((await refused(client("/tenant-red", { auth }))).message, "Invalid namespace");
  }
});

await check("an unknown namespace is refused, and the others on the connection stay", async () => {
  const shared = manager();
  const main = shared.socket("/");
  await connected(main);
  const error = await refused(shared.socket("/nowhere"));
  assert.equal(error.message, "Invalid namespace");
  assert.equal(error.data, undefined);
  assert.deepEqual(await ask(main, "echo", "still here"), ["still here"]);
});

await check("several namespaces share one connection and do not mix", async () => {
  const shared = manager();
  const sockets = ["/", "/custom", "/dynamic-7"].map((name) => shared.socket(name));
  await Promise.all(sockets.map(connected));
  assert.equal(new Set(sockets.map((socket) => socket.id)).size, 3);
  // Those of the checks before may still be on their way out.
  await until(async () => (await stats()).engine === 1, "a single connection");

  const heard = sockets.map((socket) => collect(socket, "news"));
  const [, custom] = sockets;
  assert.deepEqual(await ask(custom, "broadcast", { self: true }, "news", 1), []);
  await settle(...sockets);
  assert.deepEqual(heard, [[], [[1]], []]);
  const answers = await Promise.all(sockets.map((socket) => ask(socket, "getState")));
  assert.deepEqual(answers.map(([state]) => state.nsp), ["/", "/custom", "/dynamic-7"]);
});

await check("leaving one namespace leaves the others alone", async () => {
  const shared = manager();
  const [main, custom] = [shared.socket("/"), shared.socket("/custom")];
  await Promise.all([connected(main), connected(custom)]);
  const engine = shared.engine.id;
  const left = custom.id;
  custom.disconnect();
  await until(async () => (await stats()).sockets["/custom"] === 0, "the end of the socket on the server");
  assert.deepEqual(await ask(main, "echo", 1), [1]);

  custom.connect();
  await connected(custom);
  assert.notEqual(custom.id, left);
  assert.equal(shared.engine.id, engine);
});

await check("the server sends one socket away, the others stay", async () => {
  const shared = manager();
  const [main, custom] = [shared.socket("/"), shared.socket("/custom")];
  await Promise.all([connected(main), connected(custom)]);
  const gone = next(custom, "disconnect");
  custom.emit("disconnectMe", false);
  assert.equal((await gone)[0], "io server disconnect");
  assert.deepEqual(await ask(main, "echo", 1), [1]);
});

done();
