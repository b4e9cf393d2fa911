// The chat example in headless Chromium: two people in two browsers, one of them on a small telephone.
//
//   node js/chat.mjs <URL of the chat> <directory for screenshots>
//
// CHROMIUM names the browser, /usr/bin/chromium by default. When the script prints {"cue":"restart"}, whoever runs it kills the server and starts
// it again on the same port; the script then goes on by itself.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { chromium } from "playwright-core";
import { base, check, cue, done } from "./lib.mjs";

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };
const WAIT = 10_000; // ms for anything on the page
const RESTART = 40_000; // ms for the restart and the way back

const shots = process.argv[3];
if (shots) mkdirSync(shots, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});

let restarting = false; // between the cue and the reconnection, and only then, the browser may report that it cannot reach the server
const complaints = [];

/** Opens the chat in a browser of its own, so that nothing is shared but the server. */
async function open(nick, { viewport = WIDE, colorScheme = "light" } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT);
  page.on("pageerror", (error) => complaints.push(`${nick}: ${error.message}`));
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    if (restarting && isUnreachable(message)) return;
    complaints.push(`${nick}: ${message.text()} (${message.location().url})`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && !restarting) complaints.push(`${nick}: ${response.status()} ${response.url()}`);
  });
  await page.goto(base);
  if (shots) await shoot(page, `welcome-${nick.toLowerCase()}`);
  await page.getByLabel("Nickname").fill(nick);
  await page.getByRole("button", { name: "Join the chat" }).click();
  await page.locator("#chat").waitFor();
  return page;
}

/**
 * What Chromium itself logs about requests of the Socket.IO client to a server that is down, or that no longer knows the session.
 * Nothing of the page's own making looks like this.
 */
function isUnreachable(message) {
  const { url } = message.location();
  const failed = /^Failed to load resource: (net::ERR_|the server responded with a status of 400 )/.test(message.text());
  const webSocket = /^WebSocket connection to 'wss?:\/\/[^']*\/socket\.io\/[^']*' failed: /.test(message.text());
  return webSocket || (failed && url.includes("/socket.io/"));
}

async function shoot(page, name) {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
}

const bubble = (page, text) => page.locator(".bubble", { hasText: text });
const person = (page, nick) => page.locator(`#people-list li[data-nick="${nick}"]`);

async function say(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

async function delivered(page, text) {
  await page.locator('.bubble.own[data-status="delivered"]', { hasText: text }).getByText("Delivered").waitFor();
}

async function enterRoom(page, room) {
  await page.locator(`#room-list button[data-room="${room}"]`).click();
  await inRoom(page, room);
}

async function inRoom(page, room) {
  await page.locator("#room-name").getByText(room, { exact: true }).waitFor();
}

async function fitsWidth(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `the page is ${content} px wide in a window of ${window}`);
  const outside = await page.evaluate(() =>
    [...document.querySelectorAll("#talk *")].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && (box.left < -1 || box.right > innerWidth + 1);
    }).length);
  assert.equal(outside, 0, "elements that reach beyond the window");
}

/** A PNG, made here so that no file is needed: a gradient, or noise that cannot be compressed. */
function png(width, height, noise = false) {
  const crc = (bytes) => {
    let c = ~0;
    for (const byte of bytes) {
      c ^= byte;
      for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (c & 1 ? 0xedb88320 : 0);
    }
    return ~c >>> 0;
  };
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.set([232 - y, 120 + (x >> 2), 90], y * (1 + 3 * width) + 1 + 3 * x);
  }
  if (noise) for (let at = 0; at < rows.length; at++) if (at % (1 + 3 * width) !== 0) rows[at] = Math.random() * 256;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** Whether the picture of the last bubble has been decoded, and to which size. */
const pictureSize = (page) =>
  page.locator(".bubble img").last().evaluate(async (image) => {
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  });

const ada = await open("Ada");
const grace = await open("Grace", { viewport: NARROW, colorScheme: "dark" });

await check("chat: each sees the other", async () => {
  await person(ada, "Grace").waitFor();
  await ada.getByText("2 people online").waitFor();
  await grace.getByText("2 people online").waitFor();
});

await check("chat: text goes to the other, and is marked as delivered", async () => {
  await say(ada, "Good morning, <b>Grace</b> & all!");
  await delivered(ada, "Good morning");
  await bubble(grace, "Good morning, <b>Grace</b> & all!").waitFor();
  await say(grace, "Morning, Ada.");
  await bubble(ada, "Morning, Ada.").waitFor();
  assert.equal(await bubble(ada, "Good morning").count(), 1);
});

await check("chat: typing shows and goes", async () => {
  await grace.getByLabel("Message", { exact: true }).pressSequentially("hm");
  await ada.getByText("Grace is typing").waitFor();
  await shoot(ada, "typing");
  await ada.getByText("Grace is typing").waitFor({ state: "hidden" });
  await grace.getByLabel("Message", { exact: true }).fill("");
});

await check("chat: an image goes as binary, and is marked as delivered", async () => {
  await ada.locator("#file").setInputFiles({ name: "dawn.png", mimeType: "image/png", buffer: png(320, 200) });
  await ada.locator('.bubble.own[data-status="delivered"]:has(img)').waitFor();
  await grace.locator(".bubble img").waitFor();
  assert.deepEqual(await pictureSize(grace), [320, 200]);
  await shoot(ada, "wide");
  await shoot(grace, "narrow");
});

await check("chat: an image above the limit is made smaller on the way", async () => {
  const large = png(900, 800, true);
  assert.ok(large.length > 2_000_000);
  const before = await grace.locator(".bubble img").count();
  await ada.locator("#file").setInputFiles({ name: "noise.png", mimeType: "image/png", buffer: large });
  await ada.locator('.bubble.own[data-status="delivered"]:has(img[alt="noise.png"])').waitFor();
  await grace.locator(".bubble img").nth(before).waitFor();
  const [width, height] = await pictureSize(grace);
  assert.ok(width <= 900 && Math.abs(width / height - 900 / 800) < 0.01, `${width} by ${height}`);
});

await check("chat: what is no image is refused with a sentence", async () => {
  await ada.locator("#file").setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
  await ada.getByText("Only PNG, JPEG, GIF, WebP and AVIF images can be sent.").waitFor();
});

await check("chat: nothing leaks into another room", async () => {
  const ken = await open("Ken");
  await person(ada, "Ken").waitFor();
  await enterRoom(ken, "random");
  await person(ada, "Ken").waitFor({ state: "detached" });
  assert.equal(await ken.locator(".bubble").count(), 0);

  await say(ada, "only for general");
  await ada.locator("#file").setInputFiles({ name: "again.png", mimeType: "image/png", buffer: png(64, 64) });
  await bubble(grace, "only for general").waitFor();
  await grace.locator('.bubble img[alt="again.png"]').waitFor();

  // Once a later message of his own room has come to Ken, earlier ones of another room would have come as well.
  await enterRoom(ada, "random");
  await say(ada, "hello in random");
  await bubble(ken, "hello in random").waitFor();
  assert.equal(await ken.locator(".bubble").count(), 1);
  assert.equal(await bubble(grace, "hello in random").count(), 0);

  await enterRoom(ada, "general");
  await bubble(ada, "only for general").waitFor();
  assert.equal(await bubble(ada, "hello in random").count(), 0);
  await ken.context().close();
});

await check("chat: a new room appears for everybody, and goes with its last member", async () => {
  await ada.getByLabel("Name of a new room").fill("Späte Gäste");
  await ada.keyboard.press("Enter");
  await inRoom(ada, "spate-gaste");
  await grace.locator('#room-list button[data-room="spate-gaste"]').waitFor({ state: "attached" });
  await enterRoom(ada, "general");
  await grace.locator('#room-list button[data-room="spate-gaste"]').waitFor({ state: "detached" });
});

await check("chat: the drawer works at 360 px, by keyboard as well", async () => {
  await fitsWidth(grace);
  await grace.getByRole("button", { name: "Rooms and people" }).click();
  await grace.locator("#people-list").getByText("Ada").waitFor();
  await shoot(grace, "narrow-drawer");
  await fitsWidth(grace);
  await grace.keyboard.press("Escape");
  await grace.locator("#side").waitFor({ state: "hidden" });
  await grace.getByLabel("Message", { exact: true }).fill("sent with the button, with a verylongwordthatcannotbebrokenanywhereatall".repeat(3));
  await grace.getByRole("button", { name: "Send", exact: true }).click();
  await delivered(grace, "sent with the button");
  await fitsWidth(grace);
});

await check("chat: the banner comes and goes when the server restarts, and everybody is back in the room", async () => {
  restarting = true;
  cue("restart");
  for (const page of [ada, grace]) await page.locator("#banner").waitFor({ timeout: RESTART });
  for (const page of [ada, grace]) await page.locator("#banner").waitFor({ state: "hidden", timeout: RESTART });
  await ada.getByText("2 people online").waitFor();
  restarting = false;
  await person(ada, "Grace").waitFor();
  await say(grace, "back again");
  await delivered(grace, "back again");
  await bubble(ada, "back again").waitFor();
  await shoot(ada, "after-restart");
}, 3 * RESTART);

await check("chat: who closes the page is gone", async () => {
  await grace.context().close();
  await person(ada, "Grace").waitFor({ state: "detached" });
  await ada.getByText("Only you are here").waitFor();
});

await check("chat: the consoles have no errors", async () => {
  assert.deepEqual(complaints, []);
});

await browser.close();
done();
