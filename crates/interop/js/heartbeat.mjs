// Pings: who answers them stays, who does not is missed by the other side.
//
// Start the server with a short heartbeat (such as PING_INTERVAL=300 PING_TIMEOUT=1000). At the lines {"cue":"freeze"} and {"cue":"thaw"}
// whoever runs the script stops the server and lets it go on.

import assert from "node:assert/strict";
import { ask, check, connect, cue, done, moved, next, until, watcher } from "./lib.mjs";

await check("an idle connection lives by its pings", async () => {
  const socket = await connect();
  await moved(socket);
  let pings = 0;
  socket.io.engine.on("packet", ({ type }) => (pings += type === "ping"));
  await until(() => pings >= 4, "four pings");
  assert.deepEqual(await ask(socket, "echo", "alive"), ["alive"]);
});

await check("a client that falls silent is missed", async () => {
  const reasonOf = await watcher();
  const socket = await connect();
  await moved(socket);
  const { id } = socket;
  const { engine } = socket.io;
  // Its name has an underscore in recent versions.
  for (const send of ["sendPacket", "_sendPacket"]) {
    const original = engine[send];
    engine[send] = function (type, ...rest) {
      if (type !== "pong") original.call(this, type, ...rest);
    };
  }
  const gone = next(socket, "disconnect");
  assert.equal((await reasonOf(id)).reason, "ping timeout");
  assert.match((await gone)[0], /^(transport close|ping timeout)$/);
});

await check("a server that falls silent is missed", async () => {
  const socket = await connect();
  await moved(socket);
  const gone = next(socket, "disconnect");
  cue("freeze");
  try {
    assert.deepEqual((await gone)[0], "ping timeout");
  } finally {
    cue("thaw");
  }
});

done();
