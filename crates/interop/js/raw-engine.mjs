// The Engine.IO endpoint that sends every message back, without any client library.

import assert from "node:assert/strict";
import { Socket } from "engine.io-client";
import { base, check, done, next, pattern, RawPolling, RawWebSocket, stats, until, within } from "./lib.mjs";

const ECHO = "/engine.io/";

await check("WebSocket: text comes back as text, binary as binary", async () => {
  const raw = await RawWebSocket.open(ECHO);
  assert.deepEqual(raw.handshake.upgrades, []);
  for (const text of ["hello", "é世😀", "2probe", "b not base64", "\u001e", "x".repeat(100_000)]) {
    raw.send(`4${text}`);
    assert.equal(await raw.frame(), `4${text}`);
  }
  for (const size of [0, 1, 125, 126, 65_535, 65_536]) {
    raw.send(pattern(size));
    assert.deepEqual(await raw.frame(), pattern(size));
  }
});

await check("WebSocket: order stays in a mix of text and binary", async () => {
  const raw = await RawWebSocket.open(ECHO);
  const sent = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? pattern(i) : `4${i}`));
  for (const frame of sent) raw.send(frame);
  for (const frame of sent) assert.deepEqual(await raw.frame(), frame);
});

await check("WebSocket: base64 in a text frame is binary", async () => {
  const raw = await RawWebSocket.open(ECHO);
  raw.send("bAQIDBA==");
  assert.deepEqual(await raw.frame(), Buffer.from([1, 2, 3, 4]));
});

await check("WebSocket with b64: binary comes as base64 text", async () => {
  const raw = await RawWebSocket.open(ECHO, "&b64=1");
  raw.send(Buffer.from([1, 2, 3, 4]));
  assert.equal(await raw.frame(), "bAQIDBA==");
});

await check("WebSocket: a text frame `1` is ignored", async () => {
  const raw = await RawWebSocket.open(ECHO);
  raw.send("1");
  raw.send("4still here");
  assert.equal(await raw.frame(), "4still here");
});

await check("polling: text and base64 come back", async () => {
  const raw = await RawPolling.open(ECHO);
  const posted = await raw.post("4hello");
  assert.deepEqual([posted.status, posted.body, posted.headers["content-type"]], [200, "ok", "text/html"]);
  const polled = await raw.get();
  assert.deepEqual([polled.status, polled.body], [200, "4hello"]);
  assert.equal(polled.headers["content-type"].toLowerCase(), "text/plain; charset=utf-8");
  await raw.post("bAQIDBA==");
  assert.deepEqual(await raw.packets(), ["bAQIDBA=="]);
  await raw.post("1");
});

await check("polling: several packets in one payload, both ways", async () => {
  const raw = await RawPolling.open(ECHO);
  const packets = ["4one", "bAQ==", "4é世😀", "b", "4last"];
  await raw.post(packets.join("\x1e"));
  assert.deepEqual(await raw.packets(), packets);
  await raw.post("1");
});

await check("polling: a poll waits until there is something", async () => {
  const raw = await RawPolling.open(ECHO);
  const poll = raw.packets();
  await raw.post("4late");
  assert.deepEqual(await poll, ["4late"]);
  await raw.post("1");
});

await check("polling: garbage in a payload ends the session", async () => {
  for (const body of ["", "x", "4a\x1e", "4a\x1e\x1e4b", "4a\x1ex"]) {
    const raw = await RawPolling.open(ECHO);
    const poll = raw.packets();
    assert.equal((await raw.post(body)).body, "ok");
    // An echo of `a` may or may not be quicker than the close.
    const told = await poll;
    if (told[0] === "4a") told.splice(0, 1, ...(told.length > 1 ? [] : await raw.packets()));
    const last = told.at(-1);
    assert.ok(last === "1" || JSON.parse(last).code === 1, `${JSON.stringify(body)}: ${told}`);
    await until(async () => JSON.parse((await raw.get()).body).code === 1, "the end of the session");
  }
});

await check("polling: after a close packet the poll is released and the session unknown", async () => {
  const raw = await RawPolling.open(ECHO);
  const poll = raw.packets();
  // Over a second connection; the poll has reached the server once the echo of `x` has come through it.
  await raw.post("4x");
  assert.deepEqual(await poll, ["4x"]);
  await raw.post("1");
  assert.equal(JSON.parse((await raw.get()).body).code, 1);
});

await check("an upgrade by hand", async () => {
  const raw = await RawPolling.open(ECHO);
  const socket = new RawWebSocket(`${ECHO}?EIO=4&transport=websocket&sid=${raw.handshake.sid}`);
  await within(socket.opened, "the WebSocket");
  const poll = raw.packets();
  socket.send("2probe");
  assert.equal(await socket.frame(), "3probe");
  assert.deepEqual(await poll, ["6"]);
  socket.send("5");
  socket.send("4on the new way");
  assert.equal(await socket.frame(), "4on the new way");
  socket.socket.close();
  await until(async () => (await stats()).echo === 0, "the end of the session");
});

for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
  await check(`the official Engine.IO client over ${transports.join(" and ")}`, async () => {
    const socket = new Socket(base, { path: ECHO, transports });
    socket.binaryType = "nodebuffer";
    await next(socket, "open");
    if (transports.length > 1) await next(socket, "upgrade");
    const back = [];
    const all = new Promise((resolve) => socket.on("message", (data) => back.push(data) === 3 && resolve()));
    socket.send("text");
    socket.send(Buffer.from([1, 2, 3]));
    socket.send("end");
    await within(all, "the echo");
    assert.deepEqual(back, ["text", Buffer.from([1, 2, 3]), "end"]);
    const closed = next(socket, "close");
    socket.close();
    await closed;
  });
}

done();
