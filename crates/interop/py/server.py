"""A small server of python-socketio, for our client. `js/server-2.mjs` does the same with Socket.IO 2.

Prints `LISTENING <port>`; the port is PORT, by default any.
"""

import asyncio
import os

import engineio
import socketio
from aiohttp import web

# By default the library refuses a request with more than 16 packets.
engineio.payload.Payload.max_decode_packets = 1000

server = socketio.AsyncServer(async_mode="aiohttp", namespaces=["/", "/greeting", "/closed"])


def serve(namespace):
    async def echo(sid, *args):
        return args

    async def say(sid, *args):
        await server.emit("said", args, to=sid, namespace=namespace)

    async def ask(sid, question):
        answer = await server.call("question", question, to=sid, namespace=namespace)
        await server.emit("answered", answer, to=sid, namespace=namespace)

    async def leave(sid):
        await server.disconnect(sid, namespace=namespace)

    for handler in (echo, say, ask, leave):
        server.on(handler.__name__, handler, namespace=namespace)


serve("/")
serve("/greeting")


@server.on("connect", namespace="/greeting")
async def greet(sid, environ, auth):
    await server.emit("welcome", auth["token"], to=sid, namespace="/greeting")


@server.on("connect", namespace="/closed")
async def refuse(sid, environ, auth):
    raise socketio.exceptions.ConnectionRefusedError("not welcome")


async def main():
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", int(os.environ.get("PORT") or 0))
    await site.start()
    print("LISTENING", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
