// A small server of Socket.IO 2, for our client. `py/server.py` does the same with python-socketio.
//
// Prints `LISTENING <port>`; the port is PORT, by default any.

import { createServer } from "node:http";
import server2 from "socket.io-2";

const http = createServer();
const io = server2(http, { serveClient: false });

function serve(socket) {
  socket.on("echo", (...args) => args.pop()(...args));
  socket.on("say", (...args) => socket.emit("said", ...args));
  socket.on("ask", (question) => {
    socket.emit("question", question, (...answer) => socket.emit("answered", ...answer));
  });
  socket.on("leave", () => socket.disconnect());
}

io.on("connection", serve);

// The credentials of this version are the namespace's query.
io.of("/greeting").on("connection", (socket) => {
  socket.emit("welcome", socket.handshake.query.token);
  serve(socket);
});

io.of("/closed").use((socket, next) => next(new Error("not welcome")));

http.listen(Number(process.env.PORT || 0), "127.0.0.1", () => console.log(`LISTENING ${http.address().port}`));
