// What all scripts share: one JSON line for each check, time limits, clients, raw connections.
//
// The environment variable CLIENT names the package of the client: `socket.io-client`, or `socket.io-client-3`, its version 3.
//
// A script gets the base URL of the server as its first argument. It ends with status 0 once all its checks have passed, and with 1 at the
// first one that fails, with the reason on standard error; with the environment variable KEEP_GOING, behind the last.

import { request } from "node:http";
import msgpack from "socket.io-msgpack-parser";
import { WebSocket } from "ws";

export const base = process.argv[2];
if (!base) {
  console.error("usage: node <script> <base URL of the server>");
  process.exit(2);
}

/** How long a single step may take, in ms. */
export const STEP = 8_000;

const opened = new Set(); // everything that has to be closed behind a check
let passed = 0;
let failed = 0;

/** Runs one check, closes the connections it has opened, prints its line. */
export async function check(name, body, limit = 3 * STEP) {
  const start = performance.now();
  try {
    await within(body(), `the check "${name}"`, limit);
  } catch (error) {
    console.log(JSON.stringify({ check: name, ok: false, error: error.message }));
    console.error(`FAILED: ${name}\n${error.stack}`);
    if (!process.env.KEEP_GOING) process.exit(1);
    failed += 1;
    return;
  } finally {
    for (const close of opened) close();
    opened.clear();
  }
  passed += 1;
  console.log(JSON.stringify({ check: name, ok: true, ms: Math.round(performance.now() - start) }));
}

/** Ends the script. */
export function done() {
  console.log(JSON.stringify({ done: true, passed, failed }));
  process.exit(failed === 0 ? 0 : 1);
}

/** Asks whoever runs the script to do something, such as to restart the server. */
export function cue(name) {
  console.log(JSON.stringify({ cue: name }));
}

/** The promise, or an error that says what we waited for in vain. */
export function within(promise, what, ms = STEP) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks again and again until the answer is truthy: for what no event tells. */
export async function until(question, what, ms = STEP) {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// ---------------------------------------------------------------- official client

const { Manager, io } = await import(process.env.CLIENT ?? "socket.io-client");

/** The major version of the client. */
export const version = process.env.CLIENT === "socket.io-client-3" ? 3 : 4;

/** The transports of a script's clients: its second argument, or WebSocket only. */
export const transports = process.argv[3]?.split(",") ?? ["websocket"];

/** Whether server and clients speak MessagePack: the environment variable PARSER. */
export const packed = process.env.PARSER === "msgpack";

const defaults = { forceNew: true, reconnection: false, transports, ...(packed && { parser: msgpack }) };

/** A client that is connecting to the namespace; it does not reconnect. */
export function client(namespace = "/", options = {}) {
  const socket = io(base + namespace, { ...defaults, ...options });
  opened.add(() => socket.disconnect());
  return socket;
}

/** A client that is connected. */
export async function connect(namespace, options) {
  const socket = client(namespace, options);
  await connected(socket);
  return socket;
}

/** A connection that several namespaces can share: `manager.socket("/custom")`. */
export function manager(options = {}) {
  const shared = new Manager(base, { ...defaults, ...options });
  opened.add(() => shared._close());
  return shared;
}

export function connected(socket) {
  if (socket.connected) return Promise.resolve();
  const promise = new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", (error) => reject(new Error(`connect_error: ${error.message}`, { cause: error })));
  });
  return within(promise, `connection to ${socket.nsp}`);
}

/** The socket's connection has got to the last of the script's transports, and the server knows. */
export async function moved(socket) {
  const wanted = transports.at(-1);
  await until(async () => (await ask(socket, "getTransport"))[0] === wanted, `the move to ${wanted}`);
}

/** The error with which the connection is refused. */
export function refused(socket) {
  const promise = new Promise((resolve, reject) => {
    socket.once("connect", () => reject(new Error(`${socket.nsp} has accepted the connection`)));
    socket.once("connect_error", resolve);
  });
  return within(promise, `refusal by ${socket.nsp}`);
}

/** The arguments of the next such event. */
export function next(emitter, event, ms = STEP) {
  const promise = new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
  return within(promise, `event "${event}"`, ms);
}

/** The arguments of all such events from now on: a list that grows. */
export function collect(socket, event) {
  const list = [];
  socket.on(event, (...args) => list.push(args));
  return list;
}

/** Emits and gives the arguments of the acknowledgement, as a list. */
export function ask(socket, event, ...args) {
  const answer = new Promise((resolve) => socket.emit(event, ...args, (...list) => resolve(list)));
  return within(answer, `acknowledgement of "${event}"`);
}

/**
 * Proves that nothing more was on its way to the sockets: whatever the server has sent them before the answer to this question has
 * arrived when the answer has.
 */
export async function settle(...sockets) {
  await Promise.all(sockets.map((socket) => ask(socket, "echo", "settled")));
}

/** Watches the disconnections of the main namespace, and gives a function: `reasonOf(id)`, the reason and the rooms of a socket. */
export async function watcher() {
  const socket = await connect("/", { transports: ["websocket"] });
  const known = new Map();
  socket.on("peer-disconnect", (id, reason, rooms) => known.set(id, { reason, rooms }));
  await ask(socket, "watch");
  return (id) => until(() => known.get(id), `the disconnection of ${id}`);
}

/** `bytes` bytes, byte k being k mod 256, as the server makes them. */
export function pattern(bytes) {
  return Buffer.from(Array.from({ length: bytes }, (_, k) => k % 256));
}

/** A sorted copy, for comparing sets. */
export const sorted = (list) => [...list].sort();

// ---------------------------------------------------------------- raw HTTP and WebSocket

/** One HTTP request; `path` starts with a slash. */
export function http(path, { method = "GET", headers = {}, body } = {}) {
  const promise = new Promise((resolve, reject) => {
    const outgoing = request(base + path, { method, headers, agent: false }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        resolve({ status: response.statusCode, headers: response.headers, body: text });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
  return within(promise, `${method} ${path}`);
}

/** What the server counts: `{engine, echo, sockets}`. */
export async function stats() {
  return JSON.parse((await http("/stats")).body);
}

/** A long-polling session without any client library. */
export class RawPolling {
  /** Makes the handshake; `query` is added to the request line. */
  static async open(path = "/socket.io/", query = "") {
    const answer = await http(`${path}?EIO=4&transport=polling${query}`);
    if (answer.status !== 200) throw new Error(`handshake refused: ${answer.status} ${answer.body}`);
    const raw = new RawPolling();
    raw.handshake = JSON.parse(answer.body.slice(1));
    raw.url = `${path}?EIO=4&transport=polling&sid=${raw.handshake.sid}`;
    raw.answer = answer;
    return raw;
  }

  /** Opens the session and joins the main namespace, up to the event `auth`; `id` is that of the socket. */
  static async join() {
    const raw = await RawPolling.open();
    await raw.post("40");
    const [answer] = await raw.packetsUntil((packet) => packet.startsWith('42["auth"'));
    raw.id = JSON.parse(answer.slice(2)).sid;
    return raw;
  }

  get(options) {
    return http(this.url, options);
  }

  post(body, options) {
    return http(this.url, { method: "POST", body, headers: { "content-type": "text/plain;charset=UTF-8" }, ...options });
  }

  /** Sends a poll, and hangs up once the server has answered something that was sent after it. */
  abandonPoll() {
    const promise = new Promise((resolve, reject) => {
      const outgoing = request(base + this.url, { agent: false });
      outgoing.on("finish", () => this.post("3").then(() => outgoing.destroy(), reject));
      outgoing.on("response", () => reject(new Error("the poll has been answered")));
      outgoing.on("error", () => {});
      outgoing.on("close", resolve);
      outgoing.end();
    });
    return within(promise, "hanging up on a poll");
  }

  /** The packets of one poll. */
  async packets() {
    return (await this.get()).body.split("\x1e");
  }

  /** Polls until a packet passes; gives all packets up to and with the last poll. */
  async packetsUntil(passes) {
    const all = [];
    do all.push(...(await this.packets()));
    while (!all.some(passes));
    return all;
  }
}

/** A WebSocket whose frames can be awaited one by one, text as string and binary as Buffer. */
export class RawWebSocket {
  constructor(path, options) {
    this.socket = new WebSocket(base.replace(/^http/, "ws") + path, options);
    this.frames = [];
    this.waiting = [];
    this.socket.on("message", (data, binary) => {
      const frame = binary ? data : data.toString("utf8");
      if (this.waiting.length > 0) this.waiting.shift()(frame);
      else this.frames.push(frame);
    });
    this.closed = new Promise((resolve) => this.socket.on("close", (code) => resolve(code)));
    this.opened = new Promise((resolve, reject) => {
      this.socket.on("open", resolve);
      this.socket.on("error", reject);
    });
    this.opened.catch(() => {}); // whoever cares awaits it
    this.socket.on("upgrade", (response) => (this.response = response));
    opened.add(() => this.socket.terminate());
  }

  /** Opens a session; `handshake` is the content of the open packet. */
  static async open(path = "/socket.io/", query = "") {
    const raw = new RawWebSocket(`${path}?EIO=4&transport=websocket${query}`);
    await within(raw.opened, "WebSocket handshake");
    raw.handshake = JSON.parse((await raw.frame()).slice(1));
    return raw;
  }

  /** Opens a session and joins the main namespace, up to the event `auth`; `id` is that of the socket. */
  static async join() {
    const raw = await RawWebSocket.open();
    raw.send("40");
    const answer = await raw.frame();
    raw.id = JSON.parse(answer.slice(2)).sid;
    await raw.frameUntil((frame) => String(frame).startsWith('42["auth"'));
    return raw;
  }

  send(frame) {
    this.socket.send(frame);
  }

  /** The first frame that passes; those before it are dropped. */
  async frameUntil(passes) {
    for (;;) {
      const frame = await this.frame();
      if (passes(frame)) return frame;
    }
  }

  frame(ms = STEP) {
    if (this.frames.length > 0) return Promise.resolve(this.frames.shift());
    return within(new Promise((resolve) => this.waiting.push(resolve)), "WebSocket frame", ms);
  }
}
