// Rooms and broadcasts: who hears what.

import assert from "node:assert/strict";
import { ask, check, collect, connect, done, next, settle, sorted } from "./lib.mjs";

/** Three clients a, b, c: a and b in `red`, b and c in `blue`; with what each of them hears. */
async function three() {
  const sockets = await Promise.all(["a", "b", "c"].map(() => connect()));
  const [a, b, c] = sockets;
  await ask(a, "join", "red");
  await ask(b, "join", ["red", "blue"]);
  await ask(c, "join", "blue");
  const heard = sockets.map((socket) => collect(socket, "news"));
  /** Who has heard the events so far, by letter, one for each event heard. */
  const who = async () => {
    await settle(...sockets);
    const letters = heard.flatMap((list, i) => list.map(() => "abc"[i])).join("");
    for (const list of heard) list.length = 0;
    return letters;
  };
  return { a, b, c, sockets, heard, who };
}

await check("join and leave tell the rooms", async () => {
  const socket = await connect();
  const own = socket.id;
  assert.deepEqual(await ask(socket, "join", "r1"), [sorted([own, "r1"])]);
  assert.deepEqual(await ask(socket, "join", ["r2", "r1", "räume 3"]), [sorted([own, "r1", "r2", "räume 3"])]);
  assert.deepEqual(await ask(socket, "leave", "r1"), [sorted([own, "r2", "räume 3"])]);
  assert.deepEqual(await ask(socket, "leave", "never joined"), [sorted([own, "r2", "räume 3"])]);
});

await check("a room ends with its last member", async () => {
  const [one, two] = await Promise.all([connect(), connect()]);
  await ask(one, "join", "short");
  assert.deepEqual(await ask(two, "allRooms"), [sorted([one.id, two.id, "short"])]);
  await ask(one, "leave", "short");
  assert.deepEqual(await ask(two, "allRooms"), [sorted([one.id, two.id])]);
});

await check("a broadcast reaches everybody else", async () => {
  const { a, who } = await three();
  await ask(a, "broadcast", {}, "news");
  assert.equal(await who(), "bc");
  await ask(a, "broadcast", { self: true }, "news");
  assert.equal(await who(), "abc");
});

await check("to one room, to several, each receiver once", async () => {
  const { a, who } = await three();
  await ask(a, "broadcast", { to: ["red"] }, "news");
  assert.equal(await who(), "b");
  await ask(a, "broadcast", { to: ["red"], self: true }, "news");
  assert.equal(await who(), "ab");
  await ask(a, "broadcast", { to: ["red", "blue"], self: true }, "news");
  assert.equal(await who(), "abc");
});

await check("a room that nobody is in reaches nobody", async () => {
  const { a, who } = await three();
  await ask(a, "broadcast", { to: ["green"], self: true }, "news");
  assert.equal(await who(), "");
});

await check("except leaves members of rooms out, with and without `to`", async () => {
  const { a, b, who } = await three();
  await ask(a, "broadcast", { except: ["blue"], self: true }, "news");
  assert.equal(await who(), "a");
  await ask(a, "broadcast", { to: ["red", "blue"], except: [b.id], self: true }, "news");
  assert.equal(await who(), "ac");
  await ask(a, "broadcast", { except: ["nobody"] }, "news");
  assert.equal(await who(), "bc");
});

await check("an id is a room, for private messages", async () => {
  const { a, c, who } = await three();
  await ask(a, "broadcast", { to: [c.id] }, "news");
  assert.equal(await who(), "c");
});

await check("arguments arrive whole, binary included", async () => {
  const { a, b } = await three();
  const heard = next(b, "news");
  await ask(a, "broadcast", { to: ["red"] }, "news", 1, { x: Buffer.from([1, 2]) }, ["y"]);
  assert.deepEqual(await heard, [1, { x: Buffer.from([1, 2]) }, ["y"]]);
});

await check("who has left hears nothing more", async () => {
  const { a, b, who } = await three();
  await ask(b, "leave", "red");
  await ask(a, "broadcast", { to: ["red"], self: true }, "news");
  assert.equal(await who(), "a");
});

await check("broadcasts of one sender arrive in order", async () => {
  const { a, b, heard } = await three();
  for (let i = 0; i < 200; i++) a.emit("broadcast", { to: ["red"] }, "news", i);
  await settle(a);
  await settle(b);
  assert.deepEqual(heard[1].map(([i]) => i), Array.from({ length: 200 }, (_, i) => i));
});

await check("fetchSockets finds by rooms", async () => {
  const { a, b, c } = await three();
  assert.deepEqual(await ask(a, "fetchSockets", {}), [sorted([a.id, b.id, c.id])]);
  assert.deepEqual(await ask(a, "fetchSockets", { to: ["red"] }), [sorted([a.id, b.id])]);
  assert.deepEqual(await ask(a, "fetchSockets", { to: ["red", "blue"], except: ["red"] }), [[c.id]]);
  assert.deepEqual(await ask(a, "fetchSockets", { to: ["nobody"] }), [[]]);
});

await check("socketsJoin and socketsLeave move others", async () => {
  const { a, b, c } = await three();
  await ask(a, "socketsJoin", { to: ["blue"] }, ["green", "gold"]);
  assert.deepEqual(await ask(a, "fetchSockets", { to: ["green"] }), [sorted([b.id, c.id])]);
  await ask(a, "socketsLeave", { to: [b.id] }, "green");
  assert.deepEqual(await ask(a, "fetchSockets", { to: ["green"] }), [[c.id]]);
  assert.deepEqual(await ask(b, "getState").then(([state]) => state.rooms), sorted([b.id, "red", "blue", "gold"]));
});

await check("disconnectSockets sends a room away", async () => {
  const { a, b, c } = await three();
  const gone = Promise.all([next(b, "disconnect"), next(c, "disconnect")]);
  await ask(a, "disconnectSockets", { to: ["blue"] }, false);
  assert.deepEqual((await gone).map(([reason]) => reason), ["io server disconnect", "io server disconnect"]);
  assert.deepEqual(await ask(a, "fetchSockets", {}), [[a.id]]);
});

await check("disconnectSockets with close also ends the connections", async () => {
  const { a, c } = await three();
  const closed = next(c.io.engine, "close");
  await ask(a, "disconnectSockets", { to: [c.id] }, true);
  await closed;
});

await check("rooms belong to a namespace", async () => {
  const main = await connect("/");
  const custom = await connect("/custom");
  await ask(main, "join", "red");
  await ask(custom, "join", "red");
  const heard = collect(main, "news");
  await ask(custom, "broadcast", { to: ["red"], self: true }, "news");
  await settle(main);
  assert.deepEqual(heard, []);
});

done();
