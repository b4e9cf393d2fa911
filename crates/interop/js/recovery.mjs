// Connection state recovery: a client that lost its connection is the same socket again, and gets what it has missed.
//
// The server keeps sessions for RECOVERY ms, an environment variable.

import assert from "node:assert/strict";
import { ask, check, client, collect, connect, connected, done, next, until } from "./lib.mjs";

const KEPT = Number(process.env.RECOVERY ?? 3_000);

const returning = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 100, randomizationFactor: 0 };

/** Cuts the connection and keeps the client from coming back before the returned function is called. */
async function cut(socket) {
  const lost = next(socket, "disconnect");
  socket.io.reconnection(false);
  socket.io.engine.close();
  await lost;
  return async () => {
    const back = connected(socket);
    socket.io.reconnection(true);
    socket.io.connect(); // of the manager: the socket follows
    await back;
  };
}

/** The server has noticed that the socket is gone. */
async function gone(other, id) {
  await until(async () => !(await ask(other, "fetchSockets", {}))[0].includes(id), "the server notices");
}

/** What a listener got, without the offset that the server adds. */
const plain = (list) => list.map((args) => args.slice(0, -1));

await check("a socket comes back with its id, rooms, data and what it has missed, plain and binary, twice", async () => {
  const other = await connect();
  const socket = client("/", returning);
  const seen = collect(socket, "note");
  await connected(socket);
  const { id } = socket;
  await ask(socket, "setData", { name: "ada" });
  await ask(socket, "join", "room");

  for (let round = 0; round < 2; round++) {
    await ask(other, "broadcast", {}, "note", round, "seen");
    await until(() => seen.length > 0, "the first event");
    assert.deepEqual(plain(seen.splice(0)), [[round, "seen"]]);

    const comeBack = await cut(socket);
    await gone(other, id);
    await ask(other, "broadcast", { to: ["room"] }, "note", round, 1);
    await ask(other, "broadcast", { to: ["room"] }, "note", round, Buffer.from("two"), { deep: [Buffer.from("three")] });
    await ask(other, "broadcast", { to: ["elsewhere"] }, "note", "not for it");
    await ask(other, "broadcast", { to: [id] }, "note", round, "to its id");
    await ask(other, "broadcast", { except: ["room"] }, "note", "not for the room");
    await ask(other, "broadcast", { volatile: true }, "note", "volatile");
    await comeBack();

    assert.equal(socket.recovered, true);
    assert.equal(socket.id, id);
    assert.deepEqual(plain(seen.splice(0)), [
      [round, 1],
      [round, Buffer.from("two"), { deep: [Buffer.from("three")] }],
      [round, "to its id"],
    ]);
    const [state] = await ask(socket, "getState");
    assert.equal(state.recovered, true);
    assert.equal(state.data.name, "ada");
    assert.deepEqual(state.rooms, [id, "room"].sort());
  }
  await ask(other, "broadcast", {}, "note", "new");
  await until(() => seen.length > 0, "a new event");
  assert.deepEqual(plain(seen), [["new"]]);
});

await check("who comes too late is somebody else", async () => {
  const other = await connect();
  const socket = client("/", returning);
  const seen = collect(socket, "note");
  await connected(socket);
  const { id } = socket;
  const comeBack = await cut(socket);
  await gone(other, id);
  await ask(other, "broadcast", {}, "note", "lost");
  await new Promise((resolve) => setTimeout(resolve, KEPT + 100));
  await comeBack();
  assert.ok(!socket.recovered);
  assert.notEqual(socket.id, id);
  const [state] = await ask(socket, "getState");
  assert.equal(state.recovered, false);
  assert.equal(seen.length, 0);

  // And then it is recovered as usual, with the offset of the session before in its memory.
  const again = await cut(socket);
  await gone(other, socket.id);
  await ask(other, "broadcast", {}, "note", "missed");
  await again();
  assert.equal(socket.recovered, true);
  assert.deepEqual(plain(seen), [["missed"]]);
});

await check("who leaves on purpose starts anew", async () => {
  const socket = await connect();
  const { id } = socket;
  const left = next(socket, "disconnect");
  socket.disconnect();
  await left;
  socket.connect();
  await connected(socket);
  assert.ok(!socket.recovered);
  assert.notEqual(socket.id, id);
});

done();
