// Volatile events: dropped whole while the connection cannot take them, never reordered, never torn.

import assert from "node:assert/strict";
import { ask, check, client, connect, connected, done, next, RawPolling, settle, until } from "./lib.mjs";

/** Waits until the server has handled everything that the raw client has posted before it asked to join the room. */
async function handled(observer, raw, room) {
  await until(async () => (await ask(observer, "fetchSockets", { to: [room] }))[0].includes(raw.id), "the raw client's events");
}

await check("on an idle WebSocket volatile events arrive", async () => {
  const socket = await connect("/", { transports: ["websocket"] });
  const numbers = [];
  socket.on("n", (i) => numbers.push(i));
  const end = next(socket, "n-end");
  socket.emit("numbers", { count: 20, delay: 10, volatile: true });
  await end;
  assert.deepEqual(numbers, Array.from({ length: 20 }, (_, i) => i));
});

for (const binary of [false, true]) {
  await check(`in a flood of ${binary ? "binary" : "text"} some may be dropped, but order and content stay`, async () => {
    const socket = await connect("/", { transports: ["websocket"] });
    const numbers = [];
    socket.on("n", (i, extra) => {
      assert.equal(extra.length, 10_000);
      numbers.push(i);
    });
    const end = next(socket, "n-end");
    socket.emit("numbers", { count: 300, volatile: true, bytes: 10_000, binary });
    assert.deepEqual(await end, [300]);
    assert.ok(numbers.every((i, at) => at === 0 || i > numbers[at - 1]));
    assert.deepEqual(await ask(socket, "echo", "alive"), ["alive"]);
  });
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

await check("a volatile broadcast reaches whoever can take it now", async () => {
  const [sender, ready] = await Promise.all([connect("/", { transports: ["websocket"] }), connect("/", { transports: ["websocket"] })]);
  const raw = await RawPolling.join();
  const heard = next(ready, "news");
  await ask(sender, "broadcast", { volatile: true }, "news", 1);
  assert.deepEqual(await heard, [1]);
  await ask(sender, "broadcast", {}, "news", 2);
  assert.deepEqual(await raw.packets(), ['42["news",2]']);
  await raw.post("1");
});

await check("what the client emits volatile before it is connected never arrives", async () => {
  const socket = client("/", { autoConnect: false });
  socket.volatile.emit("push", 0);
  socket.emit("push", 1);
  socket.connect();
  await connected(socket);
  await settle(socket);
  assert.deepEqual(await ask(socket, "pushReport"), [{ count: 1, inOrder: true, first: 1, last: 1 }]);
});

done();
