// The behaviour of `conformance-client`, over the reference implementation from npm.
//
// It takes the same arguments (`URL NAME`, or `-` for commands on standard input), runs the same commands, and prints the same lines, so the
// observations of the two clients can be compared scenario by scenario. The scenarios are read from the file that SCENARIOS names, or from
// `scenarios.json` beside this directory.

import { readFileSync } from "node:fs";
import { Manager } from "socket.io-client";
import msgpack from "socket.io-msgpack-parser";

const [url, name] = process.argv.slice(2);
if (!url || !name) {
  console.error("usage: node reference-client.mjs URL NAME");
  process.exit(64);
}

const sockets = new Map(); // label -> { socket, replies, onConnect, isShared }
const printed = [];
const waiting = new Set();

// ---- values -------------------------------------------------------------------------------------------------------------------------------

const mapped = (value, change) => {
  const changed = change(value);
  if (changed !== value || value === null || typeof value !== "object") return changed;
  if (Array.isArray(value)) return value.map((item) => mapped(item, change));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, change)]));
};

const pattern = (length) => Buffer.from(Uint8Array.from({ length }, (_, index) => index % 256));

/** A value of a command as what is sent. `turn` is the number of the turn in a `repeat`. */
const sent = (value, turn) =>
  mapped(value, (item) => {
    if (item === "$i" && turn !== undefined) return turn;
    if (item?._bin !== undefined) return Buffer.from(item._bin, "base64");
    if (item?._binfill !== undefined) return pattern(item._binfill);
    if (item?._fill !== undefined) return "x".repeat(item._fill);
    return item;
  });

const bytes = (item) => {
  if (item instanceof ArrayBuffer) return Buffer.from(item);
  return ArrayBuffer.isView(item) ? Buffer.from(item.buffer, item.byteOffset, item.byteLength) : undefined;
};

/** A value that was received as what is printed. */
const shown = (value) =>
  mapped(value, (item) => {
    const binary = bytes(item);
    if (binary && binary.length <= 1024) return { _bin: binary.toString("base64") };
    if (binary) return { _binlen: binary.length, _sum: binary.reduce((sum, byte) => (sum + byte) >>> 0, 0) };
    if (typeof item === "string" && item.length > 1024) return { _len: item.length };
    return item === undefined ? null : item;
  });

// ---- observations -------------------------------------------------------------------------------------------------------------------------

const sorted = (value) => (value && typeof value === "object" && !Array.isArray(value)
  ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]))
  : Array.isArray(value) ? value.map(sorted) : value);
const isEqual = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
const matches = (line, wanted) => Object.entries(wanted).every(([key, value]) => key in line && isEqual(line[key], value));

function print(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
  printed.push(line);
  for (const check of [...waiting]) check();
}

function waitFor(wanted, count, ms) {
  const isThere = () => printed.filter((line) => matches(line, wanted)).length >= count;
  return new Promise((resolve) => {
    let timer;
    const check = () => {
      if (!isThere()) return;
      clearTimeout(timer);
      waiting.delete(check);
      resolve();
    };
    timer = setTimeout(() => {
      print({ t: "wait_timeout", for: wanted });
      process.exit(2);
    }, ms);
    waiting.add(check);
    check();
  });
}

// ---- sockets ------------------------------------------------------------------------------------------------------------------------------

function manager(label, opts) {
  const { url: other, parser, cookies, autoConnect, retries, ackTimeout, ...rest } = opts;
  const made = new Manager(other ?? url, {
    ...rest,
    autoConnect: false,
    forceNew: true,
    ...(cookies && { withCredentials: true }),
    ...(parser === "msgpack" && { parser: msgpack }),
  });
  made.on("open", () => made.engine.on("upgrade", (transport) => print({ t: "upgrade", s: label, to: transport.name })));
  made.on("reconnect_attempt", (n) => print({ t: "reconnect_attempt", s: label, n }));
  made.on("reconnect", (n) => print({ t: "reconnect", s: label, n }));
  made.on("reconnect_error", (error) => print({ t: "reconnect_error", s: label, message: error.message }));
  made.on("reconnect_failed", () => print({ t: "reconnect_failed", s: label }));
  return made;
}

function open({ s: label, nsp = "/", auth, share, opts = {} }) {
  const shared = share === undefined ? undefined : sockets.get(share).socket.io;
  const { retries, ackTimeout, autoConnect = true } = opts;
  const socket = (shared ?? manager(label, opts)).socket(nsp, { auth, retries, ackTimeout });
  const entry = { socket, replies: new Map(), onConnect: [] };
  sockets.set(label, entry);
  socket.on("connect", () => {
    const { id, recovered = false } = socket;
    print({ t: "connect", s: label, id, recovered, transport: socket.io.engine.transport.name });
    for (const command of entry.onConnect) run(command);
  });
  socket.on("disconnect", (reason) => print({ t: "disconnect", s: label, reason }));
  socket.on("connect_error", (error) => {
    print({ t: "connect_error", s: label, message: error.message, data: shown(error.data ?? null) });
  });
  socket.onAny((event, ...args) => {
    const answer = typeof args.at(-1) === "function" ? args.pop() : undefined;
    print({ t: "event", s: label, name: event, args: shown(args) });
    const reply = entry.replies.get(event);
    if (answer && reply) answer(...(reply === "echo" ? args : reply));
  });
  if (autoConnect) socket.connect();
}

function call({ s, label, event, args = [], timeout }, turn) {
  const { socket } = sockets.get(s);
  const done = (error, ...values) => {
    const word = error && (error.message === "operation has timed out" ? "timeout" : "disconnected");
    print({ t: "ack", s, label, error: word, args: shown(values) });
  };
  // The promise flavour, of which `emitWithAck` hands out the first argument only.
  done.withError = true;
  (timeout === undefined ? socket : socket.timeout(timeout)).emit(event, ...sent(args, turn), done);
}

// ---- commands -----------------------------------------------------------------------------------------------------------------------------

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const commands = {
  open,
  connect: ({ s }) => sockets.get(s).socket.connect(),
  disconnect: ({ s }) => sockets.get(s).socket.disconnect(),
  emit({ s, event, args = [], volatile }, turn) {
    const { socket } = sockets.get(s);
    (volatile ? socket.volatile : socket).emit(event, ...sent(args, turn));
  },
  call,
  reply: ({ s, event, args }) => sockets.get(s).replies.set(event, args === "echo" ? "echo" : sent(args)),
  onConnect: ({ s, commands: list }) => (sockets.get(s).onConnect = list),
  auth: ({ s, auth }) => (sockets.get(s).socket.auth = auth),
  closeEngine: ({ s }) => sockets.get(s).socket.io.engine.close(),
  wait: ({ for: wanted, count = 1, timeout = 5000 }) => waitFor(wanted, count, timeout),
  sleep: ({ ms }) => sleep(ms),
  async repeat({ n, commands: list }) {
    for (let turn = 0; turn < n; turn += 1) for (const command of list) await run(command, turn);
  },
  state({ s }) {
    const { socket } = sockets.get(s);
    const { connected, active, recovered = false } = socket;
    const transport = socket.io.engine?.readyState === "open" ? socket.io.engine.transport.name : null;
    print({ t: "state", s, connected, active, id: socket.id ?? null, recovered, transport });
  },
  cue: ({ name: what }) => print({ t: "cue", name: what }),
};

function run(command, turn) {
  const action = commands[command.do];
  if (!action) process.exit(64);
  const failed = (error) => print({ t: "error", s: command.s, message: error.message });
  try {
    return Promise.resolve(action(command, turn)).catch(failed);
  } catch (error) {
    return failed(error);
  }
}

const list = name === "-"
  ? readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line))
  : JSON.parse(readFileSync(process.env.SCENARIOS || new URL("../scenarios.json", import.meta.url), "utf8"))[name];
if (!list) process.exit(64);
for (const command of list) await run(command);
for (const { socket } of sockets.values()) socket.disconnect();
print({ t: "done" });
process.exit(0);
