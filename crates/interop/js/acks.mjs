// Acknowledgements in both directions, in time and too late, from one and from many.

import assert from "node:assert/strict";
import { ask, check, connect, done, next, sorted, STEP, until, version } from "./lib.mjs";

await check("the server answers with any number of arguments", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "message-with-ack"), []);
  assert.deepEqual(await ask(socket, "message-with-ack", null), [null]);
  assert.deepEqual(await ask(socket, "message-with-ack", 1, [2], { three: 3 }), [1, [2], { three: 3 }]);
});

await check("each answer finds its question, also out of order", async () => {
  const socket = await connect();
  const order = [];
  const slow = ask(socket, "slowEcho", 150, "slow").then(([x]) => order.push(x));
  const quick = ask(socket, "echo", "quick").then(([x]) => order.push(x));
  await Promise.all([slow, quick]);
  assert.deepEqual(order, ["quick", "slow"]);
  const many = await Promise.all(Array.from({ length: 200 }, (_, i) => ask(socket, "echo", i)));
  assert.deepEqual(many, Array.from({ length: 200 }, (_, i) => [i]));
});

await check("an event that does not ask gets no answer", async () => {
  const socket = await connect();
  const packets = [];
  socket.io.on("packet", (packet) => packets.push(packet.type));
  socket.emit("echo", "nobody listens");
  await ask(socket, "echo", 1);
  assert.equal(packets.filter((type) => type === 3).length, 1);
});

await check("only the first of two answers reaches the client", async () => {
  const socket = await connect();
  const packets = [];
  socket.io.on("packet", (packet) => packet.type === 3 && packets.push(packet.data.at(-1)));
  assert.deepEqual(await ask(socket, "ackTwice"), [1]);
  await ask(socket, "echo", "then");
  assert.deepEqual(packets, [1, "then"]);
});

// Version 3 has neither time limits nor promises.
if (version >= 4) await check("a question nobody answers times out at the client", async () => {
  const socket = await connect();
  const error = await new Promise((resolve) => socket.timeout(100).emit("slowEcho", 2_000, 1, resolve));
  assert.equal(error.message, "operation has timed out");
});

if (version >= 4) await check("questions as promises, with and without a time limit", async () => {
  const socket = await connect();
  assert.equal(await socket.emitWithAck("echo", "é"), "é");
  assert.equal(await socket.timeout(STEP).emitWithAck("slowEcho", 20, "in time"), "in time");
  await assert.rejects(socket.timeout(50).emitWithAck("slowEcho", 2_000, 1), /operation has timed out/);
});

if (version >= 4) await check("with retries an event is sent again until it is answered, and the next one waits", async () => {
  const socket = await connect("/", { retries: 3, ackTimeout: 200 });
  const order = [];
  // The first attempts are not answered in time.
  socket.emit("slowEcho", 350, "slow", (error, x) => order.push(error?.message ?? x));
  socket.emit("echo", "behind it", (error, x) => order.push(error?.message ?? x));
  await until(() => order.length === 2, "both to be over");
  assert.deepEqual(order, ["operation has timed out", "behind it"]);
});

await check("the server asks, the client answers", async () => {
  const socket = await connect();
  socket.on("question", (a, b, answer) => answer(a + b, "sum"));
  socket.emit("serverAck", {}, 2, 3);
  assert.deepEqual(await next(socket, "serverAckResult"), [null, [5, "sum"]]);
  socket.on("other", (answer) => answer());
  socket.emit("serverAck", { event: "other", timeout: 2_000 });
  assert.deepEqual(await next(socket, "serverAckResult"), [null, []]);
});

await check("the server asks in vain, and a late answer does no harm", async () => {
  const socket = await connect();
  let late;
  socket.on("question", (answer) => (late = answer));
  socket.emit("serverAck", { timeout: 100 });
  assert.deepEqual(await next(socket, "serverAckResult"), ["timeout", []]);
  late("too late");
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
});

await check("emit-with-ack: the answer comes back as an event", async () => {
  const socket = await connect();
  socket.once("emit-with-ack", (text, answer) => answer(text.toUpperCase(), 1));
  socket.emit("emit-with-ack", "abc");
  await next(socket, "emit-with-ack");
  assert.deepEqual(await next(socket, "emit-with-ack"), ["ABC", 1]);
});

await check("a broadcast gathers the first argument of every answer", async () => {
  const sockets = await Promise.all([1, 2, 3].map(() => connect()));
  sockets.forEach((socket, i) => socket.on("vote", (x, answer) => answer(x * 10 + i, "ignored")));
  const [error, responses] = await ask(sockets[0], "broadcastWithAck", { self: true }, "vote", 1);
  assert.equal(error, null);
  assert.deepEqual(sorted(responses), [10, 11, 12]);

  const [none, others] = await ask(sockets[0], "broadcastWithAck", {}, "vote", 2);
  assert.equal(none, null);
  assert.deepEqual(sorted(others), [21, 22], "without `self` the sender is not asked");
});

await check("a broadcast with silent receivers times out and gives what came", async () => {
  const sockets = await Promise.all([1, 2, 3].map(() => connect()));
  sockets[1].on("vote", (answer) => answer("one"));
  const [error, responses] = await ask(sockets[0], "broadcastWithAck", { timeout: 200 }, "vote");
  assert.equal(error, "operation has timed out");
  assert.deepEqual(responses, ["one"]);
});

await check("a broadcast to nobody is over at once", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "broadcastWithAck", { to: ["nobody"], timeout: 5_000 }, "vote"), [null, []]);
});

await check("answers to a broadcast may be binary", async () => {
  const sockets = await Promise.all([1, 2].map(() => connect()));
  sockets[1].on("vote", (x, answer) => answer([x, Buffer.from("b")]));
  const [, responses] = await ask(sockets[0], "broadcastWithAck", {}, "vote", Buffer.from("a"));
  assert.deepEqual(responses, [[Buffer.from("a"), Buffer.from("b")]]);
});

done();
