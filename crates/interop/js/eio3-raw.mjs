// Engine.IO 3 and JSONP over plain HTTP and WebSocket, byte by byte. Start the server with EIO3=1.

import assert from "node:assert/strict";
import { request } from "node:http";
import { base, check, done, http, RawWebSocket, stats, until, within } from "./lib.mjs";

/** One request, with the answer in bytes. */
function ask(path, { method = "GET", headers = {}, body } = {}) {
  const promise = new Promise((resolve, reject) => {
    const outgoing = request(base + path, { method, headers, agent: false }, async (response) => {
      const bytes = Buffer.concat(await response.toArray());
      resolve({ status: response.statusCode, type: response.headers["content-type"], headers: response.headers, bytes, text: bytes.toString() });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
  return within(promise, `${method} ${path}`);
}

const TEXT = "text/plain; charset=UTF-8";
const BYTES = "application/octet-stream";
const FORM = "application/x-www-form-urlencoded";

/** A polling session of the echoing endpoint. */
async function session(query, read) {
  const answer = await ask(`/engine.io/?transport=polling&${query}`);
  assert.equal(answer.status, 200);
  const payload = read(answer.text);
  const url = `/engine.io/?transport=polling&${query}&sid=${JSON.parse(payload.slice(payload.indexOf("{"))).sid}`;
  return {
    url,
    payload,
    poll: () => ask(url),
    post: (body, type = "text/plain;charset=UTF-8") => ask(url, { method: "POST", body, headers: { "content-type": type } }),
  };
}

const plain = (text) => text;
const called = (index) => (text) => {
  const [start, end] = [`___eio[${index}](`, ");"];
  assert.ok(text.startsWith(start) && text.endsWith(end), text);
  return JSON.parse(text.slice(start.length, -end.length));
};

await check("a handshake tells its length", async () => {
  for (const version of ["EIO=3", "EIO=5", "x=1"]) {
    const { payload } = await session(version, plain);
    assert.match(payload, /^\d+:0\{"sid":"[^"]{20}","upgrades":\["websocket"\],"pingInterval":\d+,"pingTimeout":\d+,"maxPayload":1000000\}$/);
    const [length] = payload.split(":");
    assert.equal(payload.length, length.length + 1 + Number(length));
  }
});

await check("text in units, bytes if there are any", async () => {
  const { poll, post } = await session("EIO=3", plain);
  assert.deepEqual(await post("6:4héllo3:4😀").then(({ status, type, text }) => [status, type, text]), [200, "text/html", "ok"]);
  const first = await poll();
  assert.deepEqual([first.type, first.text, first.headers["cache-control"]], [TEXT, "6:4héllo3:4😀", "no-store"]);

  await post("6:b4AQI=2:4é");
  const second = await poll();
  assert.deepEqual([second.type, second.bytes.toString("hex")], [BYTES, "0103ff0401020003ff34c3a9"]);

  await post(Buffer.from("0103ff0401020002ff3478", "hex"), BYTES);
  const third = await poll();
  assert.deepEqual([third.type, third.bytes.toString("hex")], [BYTES, "0103ff0401020002ff3478"]);
});

await check("base64 for a client without bytes", async () => {
  const { poll, post } = await session("EIO=3&b64=1", plain);
  await post("6:b4AQI=");
  const answer = await poll();
  assert.deepEqual([answer.type, answer.text], [TEXT, "6:b4AQI="]);
});

await check("pings are answered, pongs and garbage are not", async () => {
  const { poll, post } = await session("EIO=3", plain);
  await post("1:2");
  assert.equal((await poll()).text, "1:3");
  for (const body of ["1:3", "9:4a", "", "1:x"]) {
    const { url, poll, post } = await session("EIO=3", plain);
    const waiting = poll();
    await until(async () => (await stats()).echo > 0, "the session");
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await post(body)).text, "ok", body);
    assert.equal((await waiting).text, "1:1", body);
    assert.equal(JSON.parse((await ask(url)).text).code, 1, body);
  }
});

await check("a session keeps its protocol", async () => {
  const three = await session("EIO=3", plain);
  assert.equal(JSON.parse((await ask(three.url.replace("EIO=3", "EIO=4"))).text).code, 3);
  const four = await session("EIO=4", plain);
  assert.equal(JSON.parse((await ask(four.url.replace("EIO=4", "EIO=3"))).text).code, 3);
});

await check("scripts, in either protocol", async () => {
  for (const [version, wire] of [[3, (text) => `${text.length}:${text}`], [4, plain]]) {
    const { payload, poll, post } = await session(`EIO=${version}&b64=1&j=a1b2`, called(12));
    assert.ok(payload.includes('0{"sid"'));
    const message = '4a"b\\c/é€\u2028\u2029';
    const sent = await post(`d=${encodeURIComponent(wire(message))}`, FORM);
    assert.deepEqual([sent.status, sent.type, sent.text], [200, "text/html", "ok"]);
    const answer = await poll();
    assert.deepEqual([answer.type, called(12)(answer.text)], [TEXT, wire(message)]);
    assert.ok(!/[\u2028\u2029]/.test(answer.text), "line separators are escaped");

    await post(`d=${encodeURIComponent(wire(version === 3 ? "b4AQI=" : "bAQI="))}`, FORM);
    assert.equal(called(12)((await poll()).text), wire(version === 3 ? "b4AQI=" : "bAQI="));
    for (const nothing of ["x=1", "d=1&d=2"]) assert.equal((await post(nothing, FORM)).text, "ok");
    // A line break is written as two characters, and these two as three.
    await post(`d=${encodeURIComponent(wire("4a\nb").replace("\n", "\\n"))}`, FORM);
    assert.equal(called(12)((await poll()).text), wire("4a\nb"));
    await post(`d=${encodeURIComponent(wire("4a\\nb").replace("\\n", "\\\\n"))}`, FORM);
    assert.equal(called(12)((await poll()).text), wire("4a\\nb"));
  }
});

await check("frames carry their type", async () => {
  const raw = await RawWebSocket.open("/engine.io/", "").catch(() => undefined);
  assert.ok(raw, "protocol 4 is spoken as well");
  const three = new RawWebSocket("/engine.io/?EIO=3&transport=websocket");
  await within(three.opened, "WebSocket handshake");
  assert.match(await three.frame(), /^0\{"sid":"[^"]+","upgrades":\[\]/);
  for (const [sent, received] of [
    ["4é", "4é"],
    ["2", "3"],
    ["2probe", "3"],
    [Buffer.from([2]), "3"],
    ["b4AQI=", Buffer.from([4, 1, 2])],
    [Buffer.from([4, 9]), Buffer.from([4, 9])],
  ]) {
    three.send(sent);
    assert.deepEqual(await three.frame(), received);
  }
  three.send("3");
  assert.equal(await within(three.closed, "the end"), 1005);
});

await check("b64 belongs to the transport that asks for it", async () => {
  for (const [version, mine, frame, base64] of [
    [3, Buffer.from([4, 1, 2]), Buffer.from([4, 1, 2]), "b4AQI="],
    [4, Buffer.from([1, 2]), Buffer.from([1, 2]), "bAQI="],
  ]) {
    for (const [first, second, expected] of [["", "&b64=1", base64], ["&b64=1", "", frame], ["", "", frame]]) {
      const { url } = await session(`EIO=${version}${first}`, plain);
      const sid = new URLSearchParams(url.split("?")[1]).get("sid");
      const raw = new RawWebSocket(`/engine.io/?EIO=${version}&transport=websocket&sid=${sid}${second}`);
      await within(raw.opened, "WebSocket handshake");
      raw.send("2probe");
      assert.equal(await raw.frame(), "3probe");
      raw.send("5");
      raw.send(mine);
      assert.deepEqual(await raw.frame(), expected, `${version} ${first} ${second}`);
    }
  }
});

await check("an upgrade from a poll that waits", async () => {
  const { url, poll } = await session("EIO=3", plain);
  const waiting = poll();
  const sid = new URLSearchParams(url.split("?")[1]).get("sid");
  const raw = new RawWebSocket(`/engine.io/?EIO=3&transport=websocket&sid=${sid}`);
  await within(raw.opened, "WebSocket handshake");
  raw.send("2probe");
  assert.equal(await raw.frame(), "3probe");
  assert.equal((await waiting).text, "1:6");
  raw.send("5");
  raw.send("4x");
  assert.equal(await raw.frame(), "4x");
  assert.equal(JSON.parse((await http(url)).body).code, 3);
});

await check("a client that closes has its poll released", async () => {
  const { poll, post } = await session("EIO=3", plain);
  const waiting = poll();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal((await post("1:1")).text, "ok");
  assert.equal((await waiting).text, "1:6");
});

done();
