// The events with fixed answers: what client libraries of other languages ask in their own test suites.

import assert from "node:assert/strict";
import { ask, check, connect, done, next } from "./lib.mjs";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Emits, and gives the arguments of the answering event. */
async function answer(event, name, ...args) {
  const socket = await connect();
  const promise = next(socket, name);
  socket.emit(event, ...args);
  return promise;
}

await check("hi, false", async () => {
  assert.deepEqual(await answer("hi", "hi"), []);
  assert.deepEqual(await answer("false", "false"), [false]);
});

await check("ack: `got it` after the right acknowledgement only", async () => {
  const socket = await connect();
  const got = [];
  socket.on("got it", () => got.push(1));
  socket.once("ack", (reply) => reply(5, { test: false }));
  socket.emit("ack");
  await next(socket, "ack");
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
  assert.deepEqual(got, []);
  socket.once("ack", (reply) => reply(5, { test: true }));
  socket.emit("ack");
  await next(socket, "got it");
});

await check("dates", async () => {
  const socket = await connect();
  const [date] = await ask(socket, "getAckDate");
  assert.match(date, ISO);
  assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000);
  assert.match((await answer("getDate", "takeDate"))[0], ISO);
  assert.match((await answer("getDateObj", "takeDateObj"))[0].date, ISO);
});

await check("five texts in UTF-8, in order", async () => {
  const socket = await connect();
  const texts = [];
  socket.on("takeUtf8", (text) => texts.push(text));
  socket.emit("getUtf8");
  await ask(socket, "echo", 1);
  assert.deepEqual(texts, ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"]);
});

await check("binary from the server", async () => {
  assert.deepEqual(await answer("doge", "doge"), [Buffer.from("asdfasdf")]);
  assert.deepEqual(await answer("getbin", "takebin"), [Buffer.from("asdfasdf")]);
});

await check("binary to the server", async () => {
  assert.deepEqual(await answer("buffa", "buffack", Buffer.from("x")), []);
  assert.deepEqual(await answer("blob", "back", Buffer.from("x")), []);
  const object = { hello: "lol", message: Buffer.from("x"), goodbye: "gotcha" };
  assert.deepEqual(await answer("jsonbuff", "jsonbuff-ack", object), []);
  assert.deepEqual(await answer("jsonblob", "jsonblob-ack", object), []);
});

await check("text where binary is expected gets no answer", async () => {
  const socket = await connect();
  const heard = [];
  socket.onAny((event) => event !== "auth" && heard.push(event));
  socket.emit("buffa", "text");
  socket.emit("blob", null);
  socket.emit("jsonbuff", { hello: "lol", message: "text", goodbye: "gotcha" });
  socket.emit("abuff2");
  socket.emit("blob3", Buffer.from("x"));
  await ask(socket, "echo", 1);
  assert.deepEqual(heard, []);
});

await check("text and binary in a certain order", async () => {
  const socket = await connect();
  const buffers = next(socket, "abuff2-ack");
  socket.emit("abuff1", Buffer.from("x"));
  socket.emit("abuff2");
  await buffers;
  const blobs = next(socket, "blob3-ack");
  socket.emit("blob1", Buffer.from("x"));
  socket.emit("blob2", "second");
  socket.emit("blob3", Buffer.from("x"));
  await blobs;
});

done();
