// The client comes back after the server has been restarted on the same port.
//
// When the script prints {"cue":"restart"}, whoever runs it kills the server and starts it again; the script then goes on by itself.

import assert from "node:assert/strict";
import { ask, check, client, connected, cue, done, next, within } from "./lib.mjs";

const RESTART = 30_000; // ms for the restart and the way back

const returning = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 250 };

await check("clients return after a restart and send what has waited", async () => {
  const socket = client("/", returning);
  await connected(socket);
  const before = socket.id;
  let attempts = 0;
  socket.io.on("reconnect_attempt", () => (attempts += 1));

  const lost = next(socket, "disconnect", RESTART).then(([reason]) => {
    assert.match(reason, /^transport (close|error)$/);
    socket.emit("push", 1);
    socket.emit("push", 2);
    assert.equal(socket.connected, false, "these two have to wait");
  });
  const back = next(socket, "connect", RESTART);
  const reconnected = next(socket.io, "reconnect", RESTART);
  cue("restart");

  await Promise.all([lost, back, reconnected]);
  assert.ok(attempts > 0);
  assert.notEqual(socket.id, before);
  assert.ok(!socket.recovered);
  assert.deepEqual(await ask(socket, "pushReport"), [{ count: 2, inOrder: true, first: 1, last: 2 }]);
}, 3 * RESTART);

await check("clients return when the server has closed the connection", async () => {
  const socket = client("/", returning);
  await connected(socket);
  const before = socket.id;
  const back = next(socket.io, "reconnect");
  socket.emit("closeEngine");
  await back;
  await within(connected(socket), "the namespace");
  assert.notEqual(socket.id, before);
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
});

await check("a client that was sent away stays away until it is told to connect", async () => {
  const socket = client("/", returning);
  await connected(socket);
  const gone = next(socket, "disconnect");
  socket.emit("disconnectMe", false);
  assert.deepEqual((await gone)[0], "io server disconnect");
  assert.equal(socket.active, false);
  socket.connect();
  await connected(socket);
  assert.deepEqual(await ask(socket, "echo", 1), [1]);
});

done();
