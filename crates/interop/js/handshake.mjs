// Plain HTTP, without any client library: handshakes, refusals with their bodies, headers, CORS, cookie, limits.
//
// The script reads the environment variables CORS_ORIGIN, CORS_CREDENTIALS and COOKIE of the server, to know what to expect. Give the same to both.

import assert from "node:assert/strict";
import { check, done, http, pattern, RawPolling, RawWebSocket, stats, until, within } from "./lib.mjs";

const { CORS_ORIGIN, CORS_CREDENTIALS, COOKIE } = process.env;
const BOTH = ["/socket.io/", "/engine.io/"];
const ERRORS = ["Transport unknown", "Session ID unknown", "Bad handshake method", "Bad request", null, "Unsupported protocol version"];

function assertRefused(answer, code) {
  assert.deepEqual([answer.status, JSON.parse(answer.body)], [400, { code, message: ERRORS[code] }]);
  assert.match(answer.headers["content-type"], /^application\/json/);
  assert.equal(answer.headers["x-conformance"], undefined, "a refusal belongs to no session");
}

await check("healthz, stats, and what does not exist", async () => {
  const health = await http("/healthz");
  assert.deepEqual([health.status, health.body], [200, "ok"]);
  const counted = await stats();
  assert.equal(counted.engine, 0);
  assert.equal(counted.echo, 0);
  assert.equal(counted.sockets["/"], 0);
  for (const path of ["/", "/nothing", "/socket.io", "/healthz/x"]) assert.equal((await http(path)).status, 404, path);
});

for (const path of BOTH) {
  await check(`${path} the handshake has its form and headers`, async () => {
    const { answer, handshake, ...raw } = await RawPolling.open(path);
    assert.equal(answer.headers["content-type"].toLowerCase(), "text/plain; charset=utf-8");
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(Number(answer.headers["content-length"]), answer.body.length);
    assert.deepEqual(Object.keys(handshake), ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]);
    assert.deepEqual(handshake.upgrades, ["websocket"]);
    assert.match(handshake.sid, /^[\w-]{20,}$/);
    assert.equal((await http(raw.url, { method: "POST", body: "1" })).body, "ok");
  });

  await check(`${path} conformance headers: on the first response of a session, then on all others`, async () => {
    const raw = await RawPolling.open(path);
    assert.equal(raw.answer.headers["x-conformance"], "1");
    assert.equal(raw.answer.headers["x-conformance-initial"], "1");
    const closed = await raw.post("1");
    assert.equal(closed.headers["x-conformance"], "1");
    assert.equal(closed.headers["x-conformance-initial"], undefined);
    const socket = await RawWebSocket.open(path);
    assert.equal(socket.response.headers["x-conformance"], "1");
    assert.equal(socket.response.headers["x-conformance-initial"], "1");
  });

  await check(`${path} refused requests`, async () => {
    assertRefused(await http(path), 0);
    assertRefused(await http(`${path}?EIO=4&transport=pigeon`), 0);
    assertRefused(await http(`${path}?EIO=4&transport=polling&sid=unknown`), 1);
    assertRefused(await http(`${path}?EIO=4&transport=polling&sid=unknown`, { method: "POST", body: "4x" }), 1);
    assertRefused(await http(`${path}?EIO=4&transport=polling`, { method: "POST", body: "4x" }), 2);
    assertRefused(await http(`${path}?EIO=4&transport=polling`, { method: "PUT" }), 2);
    assertRefused(await http(`${path}?EIO=4&transport=websocket`), 3);
    assertRefused(await http(`${path}?EIO=3&transport=polling`), 5);
    assertRefused(await http(`${path}?transport=polling`), 5);
  });

  await check(`${path} a POST above the limit is answered 413, and the session lives`, async () => {
    const raw = await RawPolling.open(path);
    const limit = raw.handshake.maxPayload;
    const large = await raw.post("4".padEnd(limit + 1, "x"));
    assert.deepEqual([large.status, large.body], [413, ""]);
    assert.equal((await raw.post("3")).status, 200);
    await raw.post("1");
  });

  await check(`${path} other methods on a session are answered 500, and the session lives`, async () => {
    const raw = await RawPolling.open(path);
    for (const method of ["PUT", "DELETE"]) assert.equal((await http(raw.url, { method })).status, 500, method);
    assert.equal((await raw.post("1")).body, "ok");
    assertRefused(await raw.get(), 1);
  });

  await check(`${path} sessions are counted while they live`, async () => {
    const counter = path === "/engine.io/" ? "echo" : "engine";
    await until(async () => (await stats())[counter] === 0, "the end of earlier sessions");
    const raw = await RawPolling.open(path);
    const socket = await RawWebSocket.open(path);
    assert.equal((await stats())[counter], 2);
    await raw.post("1");
    assert.equal((await stats())[counter], 1);
    socket.socket.close();
    await until(async () => (await stats())[counter] === 0, "the end of the sessions");
  });

  await check(`${path} a refused WebSocket handshake`, async () => {
    for (const query of ["EIO=4&transport=pigeon", "EIO=4&transport=websocket&sid=unknown"]) {
      const raw = new RawWebSocket(`${path}?${query}`);
      const error = await within(raw.opened.then(() => null, (reason) => reason), "the refusal");
      assert.match(error?.message ?? "accepted", /^Unexpected server response: 4\d\d$/, query);
    }
  });
}

await check("a WebSocket on another path is closed", async () => {
  const raw = new RawWebSocket("/elsewhere?EIO=4&transport=websocket");
  await within(raw.opened.then(() => assert.fail("accepted"), () => {}), "the refusal");
});

await check("`deny` is refused with 403 on the Socket.IO endpoint only", async () => {
  const answer = await http("/socket.io/?EIO=4&transport=polling&deny=1");
  assert.equal(answer.status, 403);
  const { code, message } = JSON.parse(answer.body);
  assert.equal(code, 4);
  assert.equal(typeof message, "string");
  const raw = new RawWebSocket("/socket.io/?EIO=4&transport=websocket&deny");
  const error = await within(raw.opened.then(() => null, (reason) => reason), "the refusal");
  assert.match(error?.message ?? "accepted", /^Unexpected server response: 4\d\d$/);
  await (await RawPolling.open("/engine.io/", "&deny=1")).post("1");
});

await check("the cookie is set by the first polling response only", async () => {
  const raw = await RawPolling.open();
  const cookies = raw.answer.headers["set-cookie"];
  const expected = COOKIE ? [`${COOKIE}=${raw.handshake.sid}; Path=/; HttpOnly; SameSite=Lax`] : undefined;
  assert.deepEqual(cookies, expected);
  assert.equal((await raw.post("1")).headers["set-cookie"], undefined);
  const socket = await RawWebSocket.open();
  assert.equal(socket.response.headers["set-cookie"], undefined);
});

const preflight = (origin) =>
  http("/socket.io/?EIO=4&transport=polling", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-asked" },
  });

if (!CORS_ORIGIN) {
  await check("without CORS there is no CORS header, and OPTIONS is a bad handshake", async () => {
    const raw = await http("/socket.io/?EIO=4&transport=polling", { headers: { origin: "http://example.com" } });
    assert.equal(raw.status, 200);
    assert.deepEqual(Object.keys(raw.headers).filter((name) => name.startsWith("access-control-")), []);
    assertRefused(await preflight("http://example.com"), 2);
  });
} else {
  const [allowed] = CORS_ORIGIN.split(",");
  const origin = allowed === "*" ? "http://example.com" : allowed;
  const credentials = CORS_CREDENTIALS === "1" ? "true" : undefined;

  const assertAllowed = ({ headers }) => {
    assert.equal(headers["access-control-allow-origin"], allowed);
    assert.equal(headers["access-control-allow-credentials"], credentials);
    assert.equal(/\borigin\b/i.test(headers.vary ?? ""), allowed !== "*");
  };

  for (const path of BOTH) {
    await check(`${path} CORS headers are on answers and on refusals`, async () => {
      assertAllowed(await http(`${path}?EIO=4&transport=polling`, { headers: { origin } }));
      const refusal = await http(`${path}?EIO=4&transport=polling&sid=unknown`, { headers: { origin } });
      assert.equal(refusal.status, 400);
      assertAllowed(refusal);
    });
  }

  await check("a preflight request is answered with 204", async () => {
    const answer = await preflight(origin);
    assert.deepEqual([answer.status, answer.body], [204, ""]);
    assertAllowed(answer);
    assert.match(answer.headers["access-control-allow-methods"], /GET.*POST/);
    assert.equal(answer.headers["access-control-allow-headers"], "x-asked");
  });

  if (CORS_ORIGIN.includes(",")) {
    await check("with a list of origins another one is not let in", async () => {
      const answer = await http("/socket.io/?EIO=4&transport=polling", { headers: { origin: "http://evil.example" } });
      assert.equal(answer.headers["access-control-allow-origin"], undefined);
    });
  }
}

await check("large answers and odd characters pass through polling", async () => {
  const raw = await RawPolling.open("/engine.io/");
  const text = "é世😀".repeat(1_000);
  await raw.post(`4${text}`);
  assert.deepEqual(await raw.packets(), [`4${text}`]);
  const bytes = pattern(3_000).toString("base64");
  await raw.post(`b${bytes}`);
  assert.deepEqual(await raw.packets(), [`b${bytes}`]);
  await raw.post("1");
});

done();
