// From long-polling to WebSocket in the middle of 1,000 numbered messages each way: none is lost, none comes twice, none out of order.

import assert from "node:assert/strict";
import { NodeWebSocket, NodeXHR } from "engine.io-client";
import { ask, check, client, connected, done, next, RawPolling, RawWebSocket, stats, until } from "./lib.mjs";

const COUNT = 1_000;
const upTo = (count) => Array.from({ length: count }, (_, i) => i);

/** A WebSocket transport that does not open before it is let go, and with it the gate. */
function gatedWebSocket() {
  let letGo;
  const gate = new Promise((resolve) => (letGo = resolve));
  class GatedWebSocket extends NodeWebSocket {
    doOpen() {
      gate.then(() => super.doOpen());
    }
  }
  return { GatedWebSocket, letGo };
}

await check("a connection moves from polling to WebSocket and says so", async () => {
  const { GatedWebSocket, letGo } = gatedWebSocket();
  const socket = client("/", { transports: [NodeXHR, GatedWebSocket] });
  await connected(socket);
  assert.deepEqual(await ask(socket, "getTransport"), ["polling"]);
  const upgraded = next(socket.io.engine, "upgrade");
  letGo();
  await upgraded;
  assert.equal(socket.io.engine.transport.name, "websocket");
  await until(async () => (await ask(socket, "getTransport"))[0] === "websocket", "the upgrade on the server");
  assert.equal((await stats()).engine, 1, "it is still the same session");
});

for (const binary of [false, true]) {
  await check(`${COUNT} numbered ${binary ? "binary" : "text"} messages each way survive an upgrade in their middle`, async () => {
    const { GatedWebSocket, letGo } = gatedWebSocket();
    const socket = client("/", { transports: [NodeXHR, GatedWebSocket] });
    await connected(socket);

    const numbers = [];
    const answers = [];
    let atUpgrade;
    socket.io.engine.on("upgrade", () => (atUpgrade = { received: numbers.length, answered: answers.length }));
    // Each number that comes in sends one out, so that both directions are busy while the transport changes.
    socket.on("n", (i, extra) => {
      if (binary) assert.equal(extra.length, 64);
      numbers.push(i);
      socket.emit("push", numbers.length - 1, binary ? extra : null, (answer) => answers.push(answer));
      if (numbers.length === 100) letGo();
    });
    const end = next(socket, "n-end", 20_000);
    socket.emit("numbers", { count: COUNT, delay: 2, bytes: binary ? 64 : 0, binary });

    assert.deepEqual(await end, [COUNT]);
    assert.deepEqual(await ask(socket, "pushReport"), [{ count: COUNT, inOrder: true, first: 0, last: COUNT - 1 }]);
    assert.deepEqual(numbers, upTo(COUNT));
    assert.deepEqual(answers, upTo(COUNT));
    assert.ok(atUpgrade, "there was an upgrade");
    assert.ok(atUpgrade.received >= 100 && atUpgrade.received < COUNT, `received at the upgrade: ${atUpgrade.received}`);
    assert.ok(atUpgrade.answered > 0 && atUpgrade.answered < COUNT, `answered at the upgrade: ${atUpgrade.answered}`);
  });
}

await check("an upgrade with nothing but bursts: everything written at once on both sides", async () => {
  const { GatedWebSocket, letGo } = gatedWebSocket();
  const socket = client("/", { transports: [NodeXHR, GatedWebSocket] });
  await connected(socket);
  const numbers = [];
  socket.on("n", (i) => numbers.push(i));
  const upgraded = next(socket.io.engine, "upgrade");
  const end = next(socket, "n-end");
  letGo();
  for (let i = 0; i < COUNT; i++) socket.emit("push", i);
  socket.emit("numbers", { count: COUNT });
  await upgraded;
  await end;
  assert.deepEqual(numbers, upTo(COUNT));
  assert.deepEqual(await ask(socket, "pushReport"), [{ count: COUNT, inOrder: true, first: 0, last: COUNT - 1 }]);
});

await check("the client's own timing: it probes as soon as it is open", async () => {
  const socket = client("/", { transports: ["polling", "websocket"] });
  const upgraded = next(socket.io.engine, "upgrade");
  await connected(socket);
  await upgraded;
  assert.deepEqual(await ask(socket, "echo", "still here"), ["still here"]);
});

await check("a probe that is given up leaves the polling session alone, and a later one works", async () => {
  const raw = await RawPolling.join();
  const probe = () => new RawWebSocket(`/socket.io/?EIO=4&transport=websocket&sid=${raw.handshake.sid}`);

  const first = probe();
  await first.opened;
  first.send("2probe");
  assert.equal(await first.frame(), "3probe");
  first.socket.terminate();
  await first.closed;
  await raw.post('421["echo","over polling"]');
  assert.ok((await raw.packetsUntil((packet) => packet.startsWith("431"))).includes('431["over polling"]'));

  const second = probe();
  await second.opened;
  second.send("2probe");
  assert.equal(await second.frame(), "3probe");
  second.send("5");
  second.send('422["echo","over WebSocket"]');
  assert.equal(await second.frameUntil((frame) => frame.startsWith("43")), '432["over WebSocket"]');
  const stray = await raw.get();
  assert.deepEqual([stray.status, stray.body], [400, '{"code":3,"message":"Bad request"}']);
});

done();
