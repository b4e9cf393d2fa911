// The server ends as an operator ends it, and its clients are told.
//
// At the line {"cue":"terminate"} whoever runs the script sends SIGTERM to the server, at {"cue":"start"} starts another on the same port.

import assert from "node:assert/strict";
import { ask, check, client, connected, cue, done, manager, moved, next, transports } from "./lib.mjs";

const RESTART = 30_000; // ms for the restart and the way back

// A client that is just about to poll finds its session gone.
const TOLD = transports.at(-1) === "polling" ? /^transport (close|error)$/ : /^transport close$/;

await check("clients are told, and return to the next server", async () => {
  const shared = manager({ reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 250 });
  const sockets = ["/", "/custom"].map((name) => shared.socket(name));
  await Promise.all(sockets.map(connected));
  await moved(sockets[0]);
  const gone = sockets.map((socket) => next(socket, "disconnect", RESTART));
  cue("terminate");
  for (const [reason] of await Promise.all(gone)) assert.match(reason, TOLD);
  const back = sockets.map((socket) => next(socket, "connect", RESTART));
  cue("start");
  await Promise.all(back);
  for (const socket of sockets) assert.deepEqual(await ask(socket, "echo", socket.nsp), [socket.nsp]);
}, 3 * RESTART);

await check("a client that does not return is told the same", async () => {
  const socket = client();
  await connected(socket);
  await moved(socket);
  const gone = next(socket, "disconnect", RESTART);
  cue("terminate");
  assert.match((await gone)[0], TOLD);
  cue("start");
}, 3 * RESTART);

done();
