// The official client of Socket.IO 2, which speaks Engine.IO 3, for the scripts that drive it.
//
// Second argument: its transports. `jsonp` instead of a transport's name is polling with scripts, for which the client wants a page: this
// file has as much of one as it touches.

import { request } from "node:http";
import io from "socket.io-client-2";
import { base, connected } from "./lib.mjs";

const names = process.argv[3]?.split(",") ?? ["websocket"];
export const isJsonp = names.includes("jsonp");
export const transports = names.map((name) => (name === "jsonp" ? "polling" : name));

const opened = new Set();

/** A client that is connecting to the namespace; it does not reconnect. */
export function client(namespace = "/", options = {}) {
  const socket = io(base + namespace, { forceNew: true, reconnection: false, transports, forceJSONP: isJsonp, ...options });
  opened.add(socket);
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
  const shared = new io.Manager(base, { reconnection: false, transports, forceJSONP: isJsonp, ...options });
  opened.add({ close: () => shared.close() });
  return shared;
}

/** Closes all clients. */
export function closeAll() {
  for (const socket of opened) socket.close();
  opened.clear();
}

// ---------------------------------------------------------------- a page for JSONP

if (isJsonp) globalThis.document = page();

function page() {
  const leaf = () => ({ parentNode: { removeChild() {} }, style: {}, setAttribute() {}, appendChild() {} });
  const make = { script, form };
  const appendChild = (child) => child.load?.();
  return {
    createElement: (name) => Object.assign(leaf(), make[name]?.()),
    getElementsByTagName: () => [],
    head: { appendChild },
    body: { appendChild, removeChild() {} },
  };
}

/** Loads itself when it is put into the page, and runs. */
function script() {
  return {
    async load() {
      const answer = await send(this.src).catch(() => undefined);
      if (answer?.status === 200) (0, eval)(answer.body);
      else this.onerror(answer);
    },
  };
}

/** Has a text area and, for each submission, a frame that takes the answer. */
function form() {
  return {
    appendChild(child) {
      if (child.name === "d") this.area = child;
      else this.frame = child;
    },
    removeChild() {},
    async submit() {
      const { frame } = this;
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      await send(this.action, { method: "POST", headers }, `d=${encodeURIComponent(this.area.value)}`).catch(() => {});
      frame.onload();
    },
  };
}

function send(url, options = {}, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, ...options }, async (response) => {
      try {
        const chunks = await response.toArray();
        resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString("utf8") });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
