// One conversation from the handshake to the farewell, told the same way over every transport.

import assert from "node:assert/strict";
import { ask, check, connect, done, moved, next, stats, transports, until } from "./lib.mjs";

await check("the client connects and both sides name the same transport", async () => {
  const socket = await connect();
  await moved(socket);
  assert.equal(socket.io.engine.transport.name, transports.at(-1));
  assert.deepEqual(await ask(socket, "getProtocol"), [4]);
  assert.deepEqual(await ask(socket, "getId"), [socket.id]);
  assert.notEqual(socket.id, socket.io.engine.id, "the id of the socket must not tell the id of the session");
});

await check("an event comes back with all kinds of arguments", async () => {
  const socket = await connect();
  const args = [1, -1.5, "zwei", "", "\u00e9\u4e16\ud83d\ude00 \u001e \" \\", true, null, [], {}, { a: { b: [1, { c: null }] } }];
  const back = next(socket, "message-back");
  socket.emit("message", ...args);
  assert.deepEqual(await back, args);
});

await check("binary goes both ways", async () => {
  const socket = await connect();
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, k) => k));
  const back = next(socket, "message-back");
  socket.emit("message", "before", bytes, { after: bytes.subarray(0, 3) });
  assert.deepEqual(await back, ["before", bytes, { after: Buffer.from([0, 1, 2]) }]);
});

await check("the server acknowledges", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "message-with-ack", 1, "2", { 3: [true] }), [1, "2", { 3: [true] }]);
  assert.deepEqual(await ask(socket, "message-with-ack"), []);
  assert.deepEqual(await ask(socket, "message-with-ack", Buffer.from([1, 2, 3])), [Buffer.from([1, 2, 3])]);
});

await check("the client acknowledges", async () => {
  const socket = await connect();
  socket.once("emit-with-ack", (...args) => args.pop()("got", args, Buffer.from([9])));
  socket.emit("emit-with-ack", "question", 42);
  await next(socket, "emit-with-ack");
  assert.deepEqual(await next(socket, "emit-with-ack"), ["got", ["question", 42], Buffer.from([9])]);
});

await check("500 events keep their order in both directions", async () => {
  const socket = await connect();
  const numbers = [];
  socket.on("n", (i) => numbers.push(i));
  const end = next(socket, "n-end");
  socket.emit("numbers", { count: 500 });
  for (let i = 0; i < 500; i++) socket.emit("push", i);
  assert.deepEqual(await end, [500]);
  assert.deepEqual(numbers, Array.from({ length: 500 }, (_, i) => i));
  assert.deepEqual(await ask(socket, "pushReport"), [{ count: 500, inOrder: true, first: 0, last: 499 }]);
});

await check("500 kB arrive in one piece, as text and as binary", async () => {
  const socket = await connect();
  const text = "é".repeat(250_000);
  assert.deepEqual(await ask(socket, "echo", text), [text]);
  const bytes = Buffer.alloc(500_000, 7);
  const [back] = await ask(socket, "echo", bytes);
  assert.ok(bytes.equals(back));
});

await check("nothing is left behind once the client has gone", async () => {
  const socket = await connect();
  assert.ok((await stats()).engine >= 1);
  const gone = next(socket, "disconnect");
  socket.disconnect();
  assert.deepEqual((await gone)[0], "io client disconnect");
  await until(async () => (await stats()).engine === 0, "the end of all sessions");
  assert.equal((await stats()).sockets["/"], 0);
});

done();
