// Every way to part, with the reason that each side is told, and the rooms the socket was in.
//
// Start the server with a short heartbeat (such as PING_INTERVAL=300 PING_TIMEOUT=200): one check waits for a ping that nobody answers.

import assert from "node:assert/strict";
import { ask, check, connect, done, manager, connected, next, RawPolling, RawWebSocket, sorted, stats, until, within } from "./lib.mjs";

/** Watches the disconnections of the main namespace; `reasonOf(id)` gives the reason and the rooms. */
async function watcher() {
  const socket = await connect("/", { transports: ["websocket"] });
  const known = new Map();
  socket.on("peer-disconnect", (id, reason, rooms) => known.set(id, { reason, rooms }));
  await ask(socket, "watch");
  return (id) => until(() => known.get(id), `the disconnection of ${id}`);
}

/** What both sides are told when `part` ends the connection of a client in the room `r`. */
async function parting(transport, part) {
  const reasonOf = await watcher();
  const socket = await connect("/", { transports: [transport] });
  const { id } = socket;
  await ask(socket, "join", "r");
  const gone = next(socket, "disconnect");
  part(socket);
  const [client] = await gone;
  const { reason, rooms } = await reasonOf(id);
  assert.deepEqual(rooms, sorted([id, "r"]));
  await until(async () => (await stats()).sockets["/"] === 1, "the end of the socket on the server");
  return { client, server: reason };
}

for (const transport of ["websocket", "polling"]) {
  await check(`${transport}: the client leaves the namespace`, async () => {
    const reasons = await parting(transport, (socket) => socket.disconnect());
    assert.deepEqual(reasons, { client: "io client disconnect", server: "client namespace disconnect" });
  });

  await check(`${transport}: the client closes the connection`, async () => {
    const reasons = await parting(transport, (socket) => socket.io.engine.close());
    assert.deepEqual(reasons, { client: "forced close", server: "transport close" });
  });

  await check(`${transport}: the server sends the socket away`, async () => {
    const reasons = await parting(transport, (socket) => socket.emit("disconnectMe", false));
    assert.deepEqual(reasons, { client: "io server disconnect", server: "server namespace disconnect" });
  });

  await check(`${transport}: the server sends the socket away and closes the connection`, async () => {
    const reasons = await parting(transport, (socket) => socket.emit("disconnectMe", true));
    assert.deepEqual(reasons, { client: "io server disconnect", server: "server namespace disconnect" });
    await until(async () => (await stats()).engine === 1, "the end of the connection"); // the watcher's is left
  });

  await check(`${transport}: the server closes the connection`, async () => {
    const reasons = await parting(transport, (socket) => socket.emit("closeEngine"));
    assert.equal(reasons.client, "transport close");
    // On polling the reason depends on whether a poll was pending at that moment.
    assert.match(reasons.server, transport === "polling" ? /^forced( server)? close$/ : /^forced close$/);
  });
}

await check("the connection is cut by the server", async () => {
  const reasons = await parting("websocket", (socket) => socket.emit("killEngine"));
  assert.equal(reasons.client, "transport close");
  assert.match(reasons.server, /^(transport|forced) close$/);
});

await check("leaving one namespace says nothing about the others", async () => {
  const reasonOf = await watcher();
  const shared = manager();
  const [main, custom] = [shared.socket("/"), shared.socket("/custom")];
  await Promise.all([connected(main), connected(custom)]);
  const { id } = main;
  main.disconnect();
  assert.equal((await reasonOf(id)).reason, "client namespace disconnect");
  assert.deepEqual(await ask(custom, "echo", 1), [1]);
});

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

done();
