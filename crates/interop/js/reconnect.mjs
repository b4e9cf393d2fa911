// The client comes back after the server has been restarted on the same port.
//
// When the script prints {"cue":"restart"}, whoever runs it kills the server and starts it again; the script then goes on by itself.

import assert from "node:assert/strict";
import { ask, check, client, connected, cue, done, next } from "./lib.mjs";

const RESTART = 30_000; // ms for the restart and the way back

await check("clients return after a restart and send what has waited", async () => {
  const options = { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 250 };
  const sockets = [["polling"], ["websocket"], ["polling", "websocket"]].map((transports) => client("/", { ...options, transports }));
  await Promise.all(sockets.map(connected));
  const before = sockets.map((socket) => socket.id);
  const attempts = sockets.map(() => 0);
  sockets.forEach((socket, i) => socket.io.on("reconnect_attempt", () => (attempts[i] += 1)));

  const lost = sockets.map(async (socket) => {
    const [reason] = await next(socket, "disconnect", RESTART);
    assert.match(reason, /^transport (close|error)$/);
    socket.emit("push", 1);
    socket.emit("push", 2);
    assert.equal(socket.connected, false, "these two have to wait");
  });
  const back = sockets.map((socket) => next(socket, "connect", RESTART));
  const reconnected = sockets.map((socket) => next(socket.io, "reconnect", RESTART));
  cue("restart");

  await Promise.all([...lost, ...back, ...reconnected]);
  for (const [i, socket] of sockets.entries()) {
    assert.ok(attempts[i] > 0);
    assert.notEqual(socket.id, before[i]);
    assert.ok(!socket.recovered);
    assert.deepEqual(await ask(socket, "pushReport"), [{ count: 2, inOrder: true, first: 1, last: 2 }]);
  }
}, 3 * RESTART);

done();
