// Every way to part, with the reason that each side is told, and the rooms the socket was in.

import assert from "node:assert/strict";
import { ask, check, connect, done, manager, connected, moved, next, sorted, stats, transports, until, watcher } from "./lib.mjs";

/** What both sides are told when `part` ends the connection of a client in the room `r`. */
async function parting(part) {
  const reasonOf = await watcher();
  const socket = await connect();
  await moved(socket);
  const { id } = socket;
  await ask(socket, "join", "r");
  const gone = next(socket, "disconnect");
  part(socket);
  const [client] = await gone;
  const { reason, rooms } = await reasonOf(id);
  assert.deepEqual(rooms, sorted([id, "r"]));
  await until(async () => (await stats()).sockets["/"] === 1, "the end of the socket on the server");
  return { client, server: reason };
}

await check("the client leaves the namespace", async () => {
  const reasons = await parting((socket) => socket.disconnect());
  assert.deepEqual(reasons, { client: "io client disconnect", server: "client namespace disconnect" });
});

await check("the client closes the connection", async () => {
  const reasons = await parting((socket) => socket.io.engine.close());
  assert.deepEqual(reasons, { client: "forced close", server: "transport close" });
});

await check("the server sends the socket away", async () => {
  const reasons = await parting((socket) => socket.emit("disconnectMe", false));
  assert.deepEqual(reasons, { client: "io server disconnect", server: "server namespace disconnect" });
});

await check("the server sends the socket away and closes the connection", async () => {
  const reasons = await parting((socket) => socket.emit("disconnectMe", true));
  assert.deepEqual(reasons, { client: "io server disconnect", server: "server namespace disconnect" });
  await until(async () => (await stats()).engine === 1, "the end of the connection"); // the watcher's is left
});

await check("the server closes the connection", async () => {
  const reasons = await parting((socket) => socket.emit("closeEngine"));
  assert.equal(reasons.client, "transport close");
  // On polling the reason depends on whether a poll was pending at that moment.
  assert.match(reasons.server, transports.at(-1) === "polling" ? /^forced( server)? close$/ : /^forced close$/);
});

await check("the connection is cut by the server", async () => {
  const reasons = await parting((socket) => socket.emit("killEngine"));
  assert.equal(reasons.client, "transport close");
  assert.match(reasons.server, /^(transport|forced|forced server) close$/);
});

await check("leaving one namespace says nothing about the others", async () => {
  const reasonOf = await watcher();
  const shared = manager();
  const [main, custom] = [shared.socket("/"), shared.socket("/custom")];
  await Promise.all([connected(main), connected(custom)]);
  const { id } = main;
  main.disconnect();
  assert.equal((await reasonOf(id)).reason, "client namespace disconnect");
  assert.deepEqual(await ask(custom, "echo", 1), [1]);
});

await check("disconnectSockets is told as what the server did, to all of a room", async () => {
  const reasonOf = await watcher();
  const sockets = await Promise.all([connect(), connect()]);
  for (const socket of sockets) await ask(socket, "join", "leaving");
  const ids = sockets.map((socket) => socket.id);
  const gone = sockets.map((socket) => next(socket, "disconnect"));
  const other = await connect();
  await ask(other, "disconnectSockets", { to: ["leaving"] }, true);
  assert.deepEqual((await Promise.all(gone)).map(([reason]) => reason), ["io server disconnect", "io server disconnect"]);
  for (const id of ids) {
    assert.deepEqual(await reasonOf(id), { reason: "server namespace disconnect", rooms: sorted([id, "leaving"]) });
  }
  assert.deepEqual(await ask(other, "echo", "stays"), ["stays"]);
});

done();
