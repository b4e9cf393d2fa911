// Volatile events: dropped whole while the connection cannot take them, never reordered, never torn.

import assert from "node:assert/strict";
import { ask, check, client, connect, connected, done, next, RawPolling, settle } from "./lib.mjs";

await check("on an idle WebSocket volatile events arrive", async () => {
  const socket = await connect();
  const numbers = [];
  socket.on("n", (i) => numbers.push(i));
  const end = next(socket, "n-end");
  socket.emit("numbers", { count: 20, delay: 10, volatile: true });
  await end;
  assert.deepEqual(numbers, Array.from({ length: 20 }, (_, i) => i));
});

for (const binary of [false, true]) {
  await check(`in a flood of ${binary ? "binary" : "text"} some may be dropped, but order and content stay`, async () => {
    const socket = await connect();
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

await check("a volatile broadcast reaches whoever can take it now", async () => {
  const [sender, ready] = await Promise.all([connect(), connect()]);
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
