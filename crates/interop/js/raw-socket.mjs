// Raw clients of the Socket.IO endpoint: what breaks the rules, how they part, what volatile events do without a poll.
//
// Start the server with a short heartbeat (such as PING_INTERVAL=300 PING_TIMEOUT=1000): one check waits for a ping that nobody answers.

import assert from "node:assert/strict";
import { ask, check, connect, done, RawPolling, RawWebSocket, sorted, until, watcher, within } from "./lib.mjs";

/** The reason the server gives when `part` is done to a raw WebSocket client. */
async function rawParting(part) {
  const reasonOf = await watcher();
  const raw = await RawWebSocket.join();
  await part(raw);
  return (await reasonOf(raw.id)).reason;
}

await check("a raw client hangs up, politely or not", async () => {
  assert.equal(await rawParting((raw) => raw.socket.close()), "transport close");
  assert.equal(await rawParting((raw) => raw.socket.terminate()), "transport close");
});

for (const [what, packets] of [
  ["an event for a namespace it is not in", ['42/nowhere,["x"]']],
  ["a second CONNECT", ["40"]],
  ["a CONNECT_ERROR", ['44{"message":"x"}']],
  ["malformed JSON", ['42["x"']],
  ["an unknown packet type", ["49"]],
  ["an attachment nobody announced", [Buffer.from([1, 2, 3])]],
  ["text where an attachment was announced", ['451-["x",{"_placeholder":true,"num":0}]', '42["y"]']],
  ["eleven announced attachments", ['4511-["x"]']],
  ["a reserved event name", ['42["disconnect"]']],
  ["an empty message", ["4"]],
]) {
  await check(`protocol violation: ${what}`, async () => {
    const reason = await rawParting(async (raw) => {
      for (const packet of packets) raw.send(packet);
      await within(raw.closed, "the close of the connection");
    });
    assert.equal(reason, "forced close");
  });
}

for (const [what, packet, expected] of [
  ["an undecodable packet", "7", "parse error"],
  ["a ping from the client", "2", "transport error"],
]) {
  await check(`Engine.IO violation: ${what}`, async () => {
    const reason = await rawParting(async (raw) => {
      raw.send(packet);
      await within(raw.closed, "the close of the connection");
    });
    assert.equal(reason, expected);
  });
}

await check("a message above the limit ends the connection with 1009", async () => {
  let code;
  const reason = await rawParting(async (raw) => {
    raw.send("4".padEnd(raw.handshake.maxPayload + 1, "x"));
    code = await within(raw.closed, "the close of the connection");
  });
  assert.deepEqual([reason, code], ["transport error", 1009]);
});

await check("a ping that nobody answers", async () => {
  const reasonOf = await watcher();
  const raw = await RawWebSocket.join();
  const { pingInterval, pingTimeout } = raw.handshake;
  assert.ok(pingInterval + pingTimeout < 5_000, "start the server with a short heartbeat for this check");
  assert.equal((await reasonOf(raw.id)).reason, "ping timeout");
  await within(raw.closed, "the close of the connection");
  assert.ok(raw.frames.includes("2"));
});

await check("a raw client that answers pings stays", async () => {
  const raw = await RawWebSocket.join();
  for (let pings = 0; pings < 4; ) {
    if ((await raw.frame()) !== "2") continue;
    pings += 1;
    raw.send("3");
  }
  raw.send('427["echo","alive"]');
  assert.equal(await raw.frameUntil((frame) => frame !== "2"), '437["alive"]');
});

await check("a poll that is given up by the client", async () => {
  const reasonOf = await watcher();
  const raw = await RawPolling.join();
  await raw.post('421["join","r"]');
  await raw.packetsUntil((packet) => packet.startsWith("431"));
  await raw.abandonPoll();
  assert.deepEqual(await reasonOf(raw.id), { reason: "transport error", rooms: sorted([raw.id, "r"]) });
});

await check("polling: a close packet and a second poll at the same time", async () => {
  const reasonOf = await watcher();
  const polite = await RawPolling.join();
  await polite.post("1");
  assert.equal((await reasonOf(polite.id)).reason, "transport close");

  const hasty = await RawPolling.join();
  const answers = await Promise.all([hasty.get(), hasty.get()]);
  assert.deepEqual(answers.map(({ status, body }) => [status, body]).sort(), [[200, "1"], [400, ""]]);
  assert.equal((await reasonOf(hasty.id)).reason, "transport error");
});

/** Waits until the server has handled everything that the raw client has posted before it asked to join the room. */
async function handled(observer, raw, room) {
  await until(async () => (await ask(observer, "fetchSockets", { to: [room] }))[0].includes(raw.id), "the raw client's events");
}

for (const binary of [false, true]) {
  await check(`without a pending poll volatile ${binary ? "binary" : "text"} events are dropped, the others wait`, async () => {
    const observer = await connect("/", { transports: ["websocket"] });
    const raw = await RawPolling.join();
    await raw.post(`42["numbers",{"count":5,"volatile":true,"bytes":10,"binary":${binary}}]`);
    await raw.post('42["numbers",{"count":2}]');
    await raw.post('42["join","marker"]');
    await handled(observer, raw, "marker");
    assert.deepEqual(await raw.packets(), ['42["n-end",5]', '42["n",0]', '42["n",1]', '42["n-end",2]']);
    await raw.post("1");
  });
}

done();
