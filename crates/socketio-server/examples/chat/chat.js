// The chat page: plain DOM over the official Socket.IO client, no build step.
//
// The protocol (complete, with limits, in protocol.md):
//
//   client -> server    enter  {nick, room}         ack {ok, room, members, rooms, history} | {ok: false, error}
//                       switch {room}               ack as enter
//                       say    {text}               ack {ok, id, at}
//                       image  {name, type, bytes}  ack {ok, id, at}
//                       typing {on}
//   server -> client    message  {id, from, nick, text, at}
//                       image    {id, from, nick, name, type, bytes, at}
//                       typing   {id, nick, on}
//                       presence {room, members: [{id, nick}]}
//                       rooms    [{name, count}]

const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];
const IMAGE_LIMIT = 700_000; // bytes; base64 in a long-polling payload must stay below the server's 1,000,000
const ACK_TIMEOUT = 10_000; // ms
const TYPING_REPEAT = 3_000; // ms between two "still typing"
const TYPING_PAUSE = 2_500; // ms without a key after which typing is over
const TYPING_FORGET = 6_000; // ms after which somebody else's typing is forgotten
const GROUP_WITHIN = 5 * 60_000; // ms; messages of one person closer than this share one head

const $ = (id) => document.getElementById(id);

/** What we know. Everything shown is derived from it or appended to the log. */
const state = {
  nick: null, // null: still on the welcome screen
  room: roomName(location.hash.slice(1)) || "general",
  shown: null, // the room whose messages the log has
  entered: false, // the server has acknowledged our room on this connection
  ids: new Set(), // our socket ids, one for each connection so far
  members: [],
  rooms: [],
  typing: new Map(), // socket id -> {nick, timer}
  unsent: [], // bubbles composed while there was no connection
  last: null, // who wrote the last bubble, and when
};

// ---------------------------------------------------------------- connection

const socket = globalThis.io?.({ autoConnect: false });

if (!socket) {
  $("enter-error").textContent = "The Socket.IO client could not be loaded.";
  $("enter").querySelector("button").disabled = true;
}

socket?.on("connect", () => enter());

socket?.on("disconnect", (reason) => {
  state.entered = false;
  forgetTyping();
  showBanner("Connection lost. Reconnecting…");
  // The client does not come back by itself after the server has sent it away.
  if (reason === "io server disconnect") socket.connect();
});

socket?.on("connect_error", (error) => {
  if (!$("chat").hidden) return showBanner("The server cannot be reached. Trying again…");
  $("enter-error").textContent = socket.active
    ? "The server cannot be reached. Trying again…"
    : `The server refused the connection: ${error.message}`;
});

socket?.on("message", (message) => {
  stopTyping(message.from);
  appendMessage(message);
});

socket?.on("image", (image) => {
  stopTyping(image.from);
  if (IMAGE_TYPES.includes(image.type)) appendMessage(image);
});

socket?.on("typing", ({ id, nick, on }) => {
  stopTyping(id);
  if (on) state.typing.set(id, { nick, timer: setTimeout(() => stopTyping(id), TYPING_FORGET) });
  renderTyping();
});

socket?.on("presence", ({ room, members }) => {
  if (room !== state.room || !state.entered) return;
  announce(state.members, members);
  state.members = members;
  for (const id of state.typing.keys()) if (!members.some((member) => member.id === id)) stopTyping(id);
  renderPeople();
});

socket?.on("rooms", (rooms) => {
  state.rooms = rooms;
  renderRooms();
});

/** Sends a request; resolves to its acknowledgement, or to a refusal when there is none in time. */
function request(event, payload) {
  return new Promise((resolve) => {
    socket.timeout(ACK_TIMEOUT).emit(event, payload, (error, answer) => {
      resolve(error ? { ok: false, error: "The server did not answer." } : answer);
    });
  });
}

/** Tells the server who and where we are: the first time, and again after every reconnection. */
async function enter() {
  const connection = socket.id;
  const answer = await request("enter", { nick: state.nick, room: state.room });
  if (socket.id !== connection) return; // an answer to a connection that is gone
  if (!answer.ok) return leaveToWelcome(answer.error);

  $("welcome").hidden = true;
  $("chat").hidden = false;
  hideBanner();
  state.ids.add(connection);
  showRoom(answer);
  $("text").focus();
  for (const bubble of state.unsent.splice(0)) deliver(bubble);
}

async function switchRoom(room) {
  closeSide();
  if (room === state.room) return $("text").focus();
  if (!state.entered) return showError("The room can be changed as soon as the connection is back.");
  ownTyping(false);
  const answer = await request("switch", { room });
  if (!answer.ok) return showError(answer.error);
  showError("");
  showRoom(answer);
  $("text").focus();
}

function leaveToWelcome(error) {
  socket.disconnect();
  state.nick = null;
  state.shown = null;
  hideBanner();
  $("chat").hidden = true;
  $("welcome").hidden = false;
  $("enter-error").textContent = error;
  $("nick").focus();
}

/** Takes over what the server says about the room we are now in. */
function showRoom({ room, members, rooms, history }) {
  Object.assign(state, { room, members, rooms, entered: true });
  forgetTyping();
  // After a reconnection to the same room the log stays, and only what we have missed is added.
  if (state.shown !== room) {
    clearLog();
    if (history.length === 0) appendNote(`This is the beginning of #${room}. Say something nice.`);
  }
  state.shown = room;
  const known = new Set(Array.from($("log").children, (item) => item.dataset.key));
  for (const message of history) if (!known.has(key(message))) appendMessage(message);
  // What we could not send yet belongs below what the others have said meanwhile.
  for (const bubble of state.unsent) $("log").append(bubble.element);
  location.replace(`#${room}`);
  document.title = `#${room} · Chat`;
  renderRooms();
  renderPeople();
}

// ---------------------------------------------------------------- the log

function appendMessage(message) {
  const own = !message.from || state.ids.has(message.from);
  const from = own ? "us" : message.from;
  const grouped = state.last?.from === from && message.at - state.last.at < GROUP_WITHIN;
  state.last = { from, at: message.at };

  if (own) scrollDown();
  const item = make("li", `bubble${own ? " own" : ""}${grouped ? " grouped" : ""}`);
  item.dataset.key = key(message);
  if (!own) {
    item.append(face(message.nick));
    item.append(make("span", "who", message.nick));
  }
  const body = make("div", "body");
  body.append(message.bytes ? picture(message) : make("p", "", message.text));
  const meta = make("span", "meta");
  meta.append(clock(message.at));
  body.append(meta);
  item.append(body);
  if (own && message.id) setStatus({ element: item }, "delivered", "Delivered"); // the server has told us of it
  addToLog(item, own);
  return item;
}

/** What tells a message from all others, also from those of a server that counts from the beginning again. */
function key({ id, at }) {
  return `${id} ${at}`;
}

function picture({ bytes, type, name }) {
  const button = make("button", "picture");
  button.type = "button";
  button.setAttribute("aria-label", `Enlarge ${name}`);
  const image = make("img");
  image.alt = name;
  image.src = URL.createObjectURL(new Blob([bytes], { type }));
  const follow = isAtEnd();
  image.addEventListener("load", () => follow && scrollDown()); // only now it has its height
  button.append(image);
  button.addEventListener("click", () => {
    $("viewer-image").src = image.src;
    $("viewer-image").alt = name;
    $("viewer").showModal();
  });
  return button;
}

function clock(at) {
  const time = make("time", "", new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = new Date(at).toISOString();
  return time;
}

function appendNote(text) {
  state.last = null;
  addToLog(make("li", "note", text));
}

/** Notes who has come and who has gone. */
function announce(before, after) {
  const missing = (from, list) => list.filter((one) => !from.some((other) => other.id === one.id));
  for (const { nick } of missing(before, after)) appendNote(`${nick} has joined`);
  for (const { nick } of missing(after, before)) appendNote(`${nick} has left`);
}

function addToLog(item, own = false) {
  const atEnd = isAtEnd();
  $("log").append(item);
  if (own || atEnd) scrollDown();
}

function isAtEnd() {
  const log = $("log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 160;
}

function scrollDown() {
  $("log").scrollTop = $("log").scrollHeight;
}

function clearLog() {
  for (const image of $("log").querySelectorAll("img")) URL.revokeObjectURL(image.src);
  $("log").replaceChildren();
  state.last = null;
}

// ---------------------------------------------------------------- sending

/** Shows our own bubble at once, and sends it. */
function post(event, payload) {
  deliverOrWait({ event, payload, element: appendMessage({ at: Date.now(), ...payload }) });
}

/** Sends a bubble, now or as soon as we are back. */
function deliverOrWait(bubble) {
  if (state.entered) return deliver(bubble);
  setStatus(bubble, "waiting", "Waiting for the connection");
  state.unsent.push(bubble);
}

async function deliver(bubble) {
  setStatus(bubble, "sending", "Sending…");
  const answer = await request(bubble.event, bubble.payload);
  if (!answer.ok) return setStatus(bubble, "failed", answer.error);
  bubble.element.dataset.key = key(answer);
  bubble.element.querySelector("time").replaceWith(clock(answer.at));
  setStatus(bubble, "delivered", "Delivered");
}

function setStatus(bubble, status, text) {
  const meta = bubble.element.querySelector(".meta");
  meta.querySelector(".status")?.remove();
  bubble.element.dataset.status = status;
  const label = make("span", "status", text);
  if (status === "failed") {
    const retry = make("button", "link", "Try again");
    retry.type = "button";
    retry.addEventListener("click", () => deliverOrWait(bubble));
    label.append(" ", retry);
  }
  meta.append(label);
}

async function sendImage(file) {
  showError("");
  if (!IMAGE_TYPES.includes(file.type)) return showError("Only PNG, JPEG, GIF, WebP and AVIF images can be sent.");
  try {
    const blob = file.size > IMAGE_LIMIT ? await shrink(file) : file;
    post("image", { name: file.name || "image", type: blob.type, bytes: await blob.arrayBuffer() });
  } catch (error) {
    showError(error.message);
  }
}

/** Draws the image smaller and smaller until it fits into one message. */
async function shrink(file) {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error("This image is damaged and cannot be sent.");
  });
  try {
    for (const side of [2048, 1600, 1200, 800, 480]) {
      const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
      const canvas = make("canvas");
      canvas.width = Math.max(1, Math.round(bitmap.width * scale));
      canvas.height = Math.max(1, Math.round(bitmap.height * scale));
      const context = canvas.getContext("2d");
      context.fillStyle = "#fff"; // JPEG has no transparency
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
      if (blob && blob.size <= IMAGE_LIMIT) return blob;
    }
  } finally {
    bitmap.close();
  }
  throw new Error("This image is too large to be sent.");
}

// ---------------------------------------------------------------- typing

const ownTyping = (() => {
  let toldAt = 0; // 0: the others believe that we are not typing
  let pause;
  return (on) => {
    clearTimeout(pause);
    if (on) pause = setTimeout(() => ownTyping(false), TYPING_PAUSE);
    const now = Date.now();
    const news = on ? now - toldAt > TYPING_REPEAT : toldAt !== 0;
    if (!news || !state.entered) return;
    toldAt = on ? now : 0;
    socket.emit("typing", { on });
  };
})();

function stopTyping(id) {
  clearTimeout(state.typing.get(id)?.timer);
  if (state.typing.delete(id)) renderTyping();
}

function forgetTyping() {
  for (const { timer } of state.typing.values()) clearTimeout(timer);
  state.typing.clear();
  renderTyping();
}

function renderTyping() {
  const nicks = [...state.typing.values()].map(({ nick }) => nick);
  $("typing").classList.toggle("on", nicks.length > 0);
  if (nicks.length === 0) $("typing").textContent = "";
  else if (nicks.length === 1) $("typing").textContent = `${nicks[0]} is typing`;
  else if (nicks.length === 2) $("typing").textContent = `${nicks[0]} and ${nicks[1]} are typing`;
  else $("typing").textContent = `${nicks.length} people are typing`;
}

// ---------------------------------------------------------------- rooms and people

function renderRooms() {
  const focused = document.activeElement?.dataset?.room;
  const items = state.rooms.map(({ name, count }) => {
    const button = make("button", "", name);
    button.type = "button";
    button.dataset.room = name;
    if (name === state.room) button.setAttribute("aria-current", "true");
    if (count > 0) {
      const badge = make("span", "count", String(count));
      badge.setAttribute("aria-label", count === 1 ? "1 person" : `${count} people`);
      button.append(badge);
    }
    button.addEventListener("click", () => switchRoom(name));
    const item = make("li");
    item.append(button);
    return item;
  });
  $("room-list").replaceChildren(...items);
  if (focused) items.find((item) => item.firstChild.dataset.room === focused)?.firstChild.focus();
}

function renderPeople() {
  const me = (member) => member.id === socket.id;
  const members = [...state.members].sort((a, b) => me(b) - me(a) || a.nick.localeCompare(b.nick));
  $("people-list").replaceChildren(
    ...members.map((member) => {
      const item = make("li");
      item.dataset.nick = member.nick;
      item.append(face(member.nick), make("span", "name", member.nick));
      if (me(member)) item.append(make("span", "you", "you"));
      return item;
    }),
  );
  $("people-count").textContent = members.length;
  $("faces").replaceChildren(...members.slice(0, 5).map(({ nick }) => face(nick)));
  $("room-name").textContent = state.room;
  $("room-info").textContent = members.length === 1 ? "Only you are here" : `${members.length} people online`;
  $("text").placeholder = `Message #${state.room}`;
}

/** A round with the initial of the name, always in the same colour for the same name. */
function face(nick) {
  let hash = 0;
  for (const character of nick) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  const span = make("span", "face", [...nick][0].toUpperCase());
  span.setAttribute("aria-hidden", "true");
  span.style.setProperty("--hue", (hash * 47) % 360);
  return span;
}

/** The name as a room may be called, or "" if nothing of it can stay. */
function roomName(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "-").slice(0, 24).replace(/^-+|-+$/g, "");
}

// ---------------------------------------------------------------- the page

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function showBanner(text) {
  $("banner-text").textContent = text;
  $("banner").hidden = false;
}

function hideBanner() {
  $("banner").hidden = true;
}

function showError(text) {
  $("composer-error").textContent = text;
}

const narrow = matchMedia("(max-width: 760px)");

function openSide() {
  $("chat").classList.add("side-open");
  $("open-side").setAttribute("aria-expanded", "true");
  syncSide();
  $("close-side").focus();
}

function closeSide() {
  if (!$("chat").classList.contains("side-open")) return;
  $("chat").classList.remove("side-open");
  $("open-side").setAttribute("aria-expanded", "false");
  syncSide();
  $("open-side").focus();
}

/** A closed drawer is out of reach for the keyboard; an open one keeps the keyboard inside. */
function syncSide() {
  const open = $("chat").classList.contains("side-open");
  $("side").inert = narrow.matches && !open;
  $("talk").inert = narrow.matches && open;
}

function fitText() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight}px`;
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const nick = $("nick").value.trim();
  if (!nick || !socket) return;
  $("enter-error").textContent = "";
  state.nick = nick;
  localStorage.setItem("nick", nick);
  if (!socket.active) socket.connect();
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  showError("");
  ownTyping(false);
  post("say", { text });
  $("text").value = "";
  fitText();
  $("text").focus();
});

$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});

$("text").addEventListener("input", () => {
  fitText();
  ownTyping($("text").value !== "");
});

$("text").addEventListener("paste", (event) => {
  const [file] = event.clipboardData.files;
  if (!file) return;
  event.preventDefault();
  sendImage(file);
});

$("attach").addEventListener("click", () => $("file").click());

$("file").addEventListener("change", () => {
  const [file] = $("file").files;
  if (file) sendImage(file);
  $("file").value = ""; // so that the same file can be chosen again
});

$("new-room").addEventListener("submit", (event) => {
  event.preventDefault();
  const room = roomName($("new-room-name").value);
  $("new-room-name").value = "";
  if (room) switchRoom(room);
});

let dragDepth = 0; // every child that is entered or left has its own event

addEventListener("dragenter", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  dragDepth += 1;
  $("drop").hidden = false;
});

addEventListener("dragleave", () => {
  dragDepth = Math.max(0, dragDepth - 1);
  $("drop").hidden = dragDepth === 0;
});

addEventListener("dragover", (event) => event.preventDefault());

addEventListener("drop", (event) => {
  event.preventDefault();
  dragDepth = 0;
  $("drop").hidden = true;
  const [file] = event.dataTransfer.files;
  if (file && state.nick) sendImage(file);
});

$("open-side").addEventListener("click", openSide);
$("close-side").addEventListener("click", closeSide);
$("scrim").addEventListener("click", closeSide);
addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeSide();
});
narrow.addEventListener("change", syncSide);

$("viewer").addEventListener("click", () => $("viewer").close());

$("nick").value = localStorage.getItem("nick") ?? "";
syncSide();
