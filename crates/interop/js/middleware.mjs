// The middleware of a socket and its catch-all listener.

import assert from "node:assert/strict";
import { ask, check, collect, connect, done, next, settle } from "./lib.mjs";

await check("a blocked event is refused, and its acknowledgement never comes", async () => {
  const socket = await connect();
  const said = next(socket, "mw-error");
  let answered = false;
  socket.emit("blocked", 1, () => (answered = true));
  assert.deepEqual(await said, ["blocked by middleware"]);
  await settle(socket);
  assert.equal(answered, false);
});

await check("other events pass, before and after a refusal", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
  const said = collect(socket, "mw-error");
  socket.emit("blocked");
  assert.deepEqual(await ask(socket, "echo", 2), [2]);
  assert.equal(said.length, 1);
});

await check("the catch-all listener sees every event whose name begins with `any:`", async () => {
  const socket = await connect();
  const heard = collect(socket, "any");
  socket.emit("any:thing", 1, { two: [2] }, Buffer.from([3]));
  socket.emit("many:things");
  socket.emit("any:");
  await settle(socket);
  assert.deepEqual(heard, [["any:thing", 1, { two: [2] }, Buffer.from([3])], ["any:"]]);
});

await check("an event without any handler does no harm", async () => {
  const socket = await connect();
  socket.emit("nobody knows me", 1);
  socket.emit("error", "just a name");
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
});

await check("data of the socket is kept", async () => {
  const socket = await connect();
  assert.deepEqual(await ask(socket, "setData", { name: "ada", n: { a: 1 } }), []);
  await ask(socket, "setData", { name: "grace" });
  assert.deepEqual((await ask(socket, "getState"))[0].data, { name: "grace", n: { a: 1 } });
});

done();
