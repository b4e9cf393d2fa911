// Binary values at any depth, in both directions.

import assert from "node:assert/strict";
import { ask, check, connect, done, next, packed, pattern } from "./lib.mjs";

const bin = (bytes) => ({ _bin: Buffer.from(bytes).toString("base64") });

await check("the server sees binary where it was, at any depth", async () => {
  const socket = await connect();
  const one = Buffer.from([1]);
  const two = Buffer.from([2, 2]);
  const [seen] = await ask(socket, "describe", one, "text", [two, [one, { deep: { deeper: [two] } }]], { a: null, b: one, c: 1.5 });
  assert.deepEqual(seen, [
    bin(one),
    "text",
    [bin(two), [bin(one), { deep: { deeper: [bin(two)] } }]],
    { a: null, b: bin(one), c: 1.5 },
  ]);
});

await check("without binary the arguments arrive as they are", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "describe"), [[]]);
  assert.deepEqual(await ask(socket, "describe", null, {}, [], "", 0, false), [[null, {}, [], "", 0, false]]);
  const tricky = { _placeholder: false, num: 0, "": 1, "a\"b\\": "\u2028" };
  assert.deepEqual(await ask(socket, "describe", tricky), [[tricky]]);
});

await check("an empty buffer is a buffer", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "describe", Buffer.alloc(0), [Buffer.alloc(0)]), [[bin([]), [bin([])]]]);
  assert.deepEqual(await ask(socket, "binGen", [0, 1, 0]), [[Buffer.alloc(0), Buffer.from([0]), Buffer.alloc(0)]]);
});

await check("typed arrays and array buffers are binary too", async () => {
  const socket = await connect();
  const words = new Uint16Array([0x0201, 0x0403]);
  const [seen] = await ask(socket, "describe", words.buffer, words);
  assert.deepEqual(seen, [bin([1, 2, 3, 4]), bin([1, 2, 3, 4])]);
});

await check("the server sends binary of many sizes", async () => {
  const socket = await connect();
  const sizes = [1, 2, 3, 125, 126, 127, 255, 256, 65_535, 65_536];
  const [list] = await ask(socket, "binGen", sizes);
  assert.equal(list.length, sizes.length);
  sizes.forEach((size, at) => assert.ok(list[at].equals(pattern(size)), `size ${size}`));
});

await check("binary comes back at the place it had", async () => {
  const socket = await connect();
  const args = [{ z: Buffer.from("z"), a: [Buffer.from("a"), { b: Buffer.from("b") }] }, Buffer.from("last")];
  const back = next(socket, "message-back");
  socket.emit("message", ...args);
  assert.deepEqual(await back, args);
});

await check("the client's acknowledgement may have binary", async () => {
  const socket = await connect();
  socket.once("emit-with-ack", (x, answer) => answer({ x, again: [x] }));
  socket.emit("emit-with-ack", Buffer.from([7, 8]));
  await next(socket, "emit-with-ack");
  assert.deepEqual(await next(socket, "emit-with-ack"), [{ x: Buffer.from([7, 8]), again: [Buffer.from([7, 8])] }]);
});

await check("ten attachments are the most", async () => {
  const socket = await connect();
  const list = Array.from({ length: 10 }, (_, i) => pattern(i));
  assert.deepEqual(await ask(socket, "describe", list), [[list.map(bin)]]);
});

// MessagePack has none beside the packet, and no limit on those in it.
if (!packed) await check("eleven are refused, and nobody else notices", async () => {
  const other = await connect();
  const socket = await connect();
  const gone = next(socket, "disconnect");
  socket.emit("describe", Array.from({ length: 11 }, (_, i) => pattern(i)));
  assert.equal((await gone)[0], "transport close");
  assert.deepEqual(await ask(other, "echo", 1), [1]);
});

await check("text and binary events keep their order", async () => {
  const socket = await connect();
  const seen = [];
  socket.on("message-back", (i, extra) => seen.push([i, Buffer.isBuffer(extra)]));
  for (let i = 0; i < 100; i++) socket.emit("message", i, i % 3 === 0 ? pattern(i) : "text");
  await ask(socket, "echo", null);
  assert.deepEqual(seen, Array.from({ length: 100 }, (_, i) => [i, i % 3 === 0]));
});

done();
