"""The client of python-socketio against the conformance server: `client.py URL TRANSPORT…`.

Prints one JSON line for each check, and ends with status 1 at the first that fails.
"""

import asyncio
import json
import sys

import engineio
import socketio

# By default the library gives up a connection on which more than 16 packets come at once.
engineio.payload.Payload.max_decode_packets = 1000

url, transports = sys.argv[1], sys.argv[2:]
PATIENCE = 5


class Client(socketio.AsyncClient):
    """Keeps what comes until somebody asks for it."""

    def __init__(self):
        super().__init__(reconnection=False)
        self.queue = asyncio.Queue()

    async def join(self, *namespaces, auth=None):
        for namespace in namespaces:
            for event in ("connect_error", "disconnect", "*"):
                self.on(event, self.keeper(event, namespace), namespace=namespace)
        await self.connect(url, transports=transports, namespaces=list(namespaces), auth=auth, wait_timeout=PATIENCE)

    def keeper(self, event, namespace):
        async def keep(*args):
            name, *args = args if event == "*" else (event, *args)
            await self.queue.put((namespace, name, args))
            # The answer to a server that asks.
            return tuple(args)

        return keep

    async def next(self, wanted, namespace="/"):
        """The arguments of the next event of this name; others before it are dropped."""
        while True:
            event = await asyncio.wait_for(self.queue.get(), PATIENCE)
            if event[:2] == (namespace, wanted):
                return event[2]

    async def ask(self, event, *args, namespace="/"):
        return await self.call(event, args, namespace=namespace, timeout=PATIENCE)


def check(name, got, wanted):
    if got != wanted:
        sys.exit(f"{name}: {got!r} instead of {wanted!r}")
    print(json.dumps({"ok": name}), flush=True)


async def connecting():
    client = Client()
    await client.join("/", auth={"token": "ü"})
    check("the credentials arrive", await client.next("auth"), [{"token": "ü"}])
    # The library changes to WebSocket before it joins.
    check("transport", await client.ask("getTransport"), transports[-1])
    check("id", await client.ask("getId"), client.get_sid())
    await client.disconnect()


async def events_and_acks():
    client = Client()
    await client.join("/")
    for value in (1, "text 😀", None, [], {"a": [{"b": None}]}, b"\x00\xff", {"deep": [b"1", b""]}):
        check(f"echo of {value!r}", await client.ask("echo", value), value)
        await client.emit("message", (value, "second"))
        check(f"event with {value!r}", await client.next("message-back"), [value, "second"])
    check("several arguments", await client.ask("message-with-ack", 1, b"2", "3"), (1, b"2", "3"))
    await client.emit("serverAck", ({"event": "question"}, "x", b"y"))
    check("the server's own question", await client.next("question"), ["x", b"y"])
    check("its answer", await client.next("serverAckResult"), [None, ["x", b"y"]])
    await client.emit("numbers", {"count": 100, "bytes": 10, "binary": True})
    numbers = [await client.next("n") for _ in range(100)]
    check("order", [number for number, _ in numbers], list(range(100)))
    await client.disconnect()


async def rooms():
    one, two = Client(), Client()
    await one.join("/dynamic-9")
    await two.join("/dynamic-9")
    namespace = "/dynamic-9"
    check("joined", sorted(await one.ask("join", "r", namespace=namespace)), sorted([one.get_sid(namespace), "r"]))
    await two.ask("broadcast", {"to": ["r"]}, "news", b"\x01", namespace=namespace)
    check("news of a room", await one.next("news", namespace), [b"\x01"])
    await one.ask("leave", "r", namespace=namespace)
    await two.ask("broadcast", {"to": ["r"]}, "news", 2, namespace=namespace)
    await two.ask("broadcast", {}, "news", 3, namespace=namespace)
    check("no news after leaving", await one.next("news", namespace), [3])
    await one.disconnect()
    await two.disconnect()


async def namespaces():
    client = Client()
    await client.join("/", "/custom")
    check("another namespace", await client.ask("echo", 1, namespace="/custom"), 1)
    check("the main one", await client.ask("echo", 2), 2)
    await client.disconnect()
    client = Client()
    try:
        await client.join("/no")
        check("a refusal", "none", "one")
    except socketio.exceptions.ConnectionError:
        [error] = await client.next("connect_error", "/no")
        check("a refusal", error["message"], "Auth failed (custom namespace)")


async def disconnections():
    client = Client()
    await client.join("/")
    await client.emit("disconnectMe", False)
    check("the server ends it", await client.next("disconnect"), ["server disconnect"])
    watcher, client = Client(), Client()
    await watcher.join("/dynamic-8")
    await client.join("/dynamic-8")
    await watcher.ask("watch", namespace="/dynamic-8")
    sid = client.get_sid("/dynamic-8")
    await client.disconnect()
    gone = await watcher.next("peer-disconnect", "/dynamic-8")
    check("the client ends it", gone[0], sid)
    await watcher.disconnect()


async def main():
    for story in (connecting, events_and_acks, rooms, namespaces, disconnections):
        await asyncio.wait_for(story(), 20)
    print(json.dumps({"done": True}, separators=(",", ":")), flush=True)


asyncio.run(main())
