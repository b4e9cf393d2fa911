"""The client of python-socketio against the conformance server: `client.py URL TRANSPORT…`.

Prints one JSON line for each check, and ends with status 1 at the first that fails. Start the server with a short heartbeat (such as
PING_INTERVAL=300 PING_TIMEOUT=1000). At the lines {"cue": …} whoever runs the script ends the server (`terminate`) and starts another on the
same port (`start`).
"""

import asyncio
import json
import sys

import aiohttp
import engineio
import socketio

# By default the library gives up a connection on which more than 16 packets come at once.
engineio.payload.Payload.max_decode_packets = 1000

url, transports = sys.argv[1], sys.argv[2:]
PATIENCE = 8
RESTART = 30

checks = []


def check(name):
    """The function is a check of this name. It gets a function that makes clients, which are closed behind it."""

    def add(story):
        checks.append((name, story))
        return story

    return add


def tell(**line):
    print(json.dumps(line, separators=(",", ":")), flush=True)


def same(got, wanted):
    if got != wanted:
        raise AssertionError(f"{got!r} instead of {wanted!r}")


class Client(socketio.AsyncClient):
    """Keeps what comes until somebody asks for it."""

    def __init__(self, **options):
        super().__init__(**{"reconnection": False, **options})
        self.queue = asyncio.Queue()

    async def join(self, *namespaces, auth=None, query=""):
        for namespace in namespaces:
            for event in ("connect", "connect_error", "disconnect", "*"):
                self.on(event, self.keeper(event, namespace), namespace=namespace)
        await self.connect(
            url + query, transports=transports, namespaces=list(namespaces), auth=auth, wait_timeout=PATIENCE
        )
        return self

    def keeper(self, event, namespace):
        async def keep(*args):
            name, *args = args if event == "*" else (event, *args)
            await self.queue.put((namespace, name, args))
            if name == "slow":
                await asyncio.sleep(1)
            # The answer to a server that asks.
            return tuple(args)

        return keep

    async def next(self, wanted, namespace="/", patience=PATIENCE):
        """The arguments of the next event of this name; others before it are dropped."""
        while True:
            event = await asyncio.wait_for(self.queue.get(), patience)
            if event[:2] == (namespace, wanted):
                return event[2]

    async def heard(self, wanted, namespace="/"):
        """The arguments of all such events up to the answer to a question asked now."""
        await self.ask("echo", "settled", namespace=namespace)
        # The library handles each event in a task of its own.
        await asyncio.sleep(0)
        events = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        return [args for space, name, args in events if (space, name) == (namespace, wanted)]

    async def ask(self, event, *args, namespace="/"):
        return await self.call(event, args, namespace=namespace, timeout=PATIENCE)


async def refusal(client, namespace, **options):
    """What the server says when it doesn't let the client in."""
    try:
        await client.join(namespace, **options)
    except socketio.exceptions.ConnectionError:
        [error] = await client.next("connect_error", namespace)
        return error
    raise AssertionError(f"{namespace} has let it in")


# ---------------------------------------------------------------- coming in


@check("both sides name the same transport and id")
async def _(client):
    one = await client().join("/")
    # The library changes to WebSocket before it joins.
    same(await one.ask("getTransport"), transports[-1])
    same(await one.ask("getId"), one.get_sid())
    same(await one.ask("getProtocol"), 4)


@check("the server sees the auth payload, and nothing without one")
async def _(client):
    one = await client().join("/", auth={"token": "ü", "deep": [{"a": None}]})
    same(await one.next("auth"), [{"token": "ü", "deep": [{"a": None}]}])
    two = await client().join("/custom")
    same(await two.next("auth", "/custom"), [{}])


@check("a wrong token is refused with message and data")
async def _(client):
    error = await refusal(client(), "/auth", auth={"token": "guess"})
    same(error, {"message": "unauthorized", "data": {"code": 401, "reason": "bad token"}})


@check("the right token passes all three middlewares, in their order")
async def _(client):
    one = await client().join("/auth", auth={"token": "secret"})
    state = await one.ask("getState", namespace="/auth")
    same(state["data"], {"order": ["first", "second"]})


@check("the main namespace refuses when the query has `fail`")
async def _(client):
    error = await refusal(client(), "/", query="?fail=1")
    same(error, {"message": "Auth failed (main namespace)"})


@check("/no refuses everybody")
async def _(client):
    same(await refusal(client(), "/no"), {"message": "Auth failed (custom namespace)"})


# ---------------------------------------------------------------- namespaces


@check("an unknown namespace is refused")
async def _(client):
    for name in ("/nowhere", "/dynamic-", "/dynamic-1a"):
        same(await refusal(client(), name), {"message": "Invalid namespace"})


@check("several namespaces share one connection and do not mix")
async def _(client):
    one = await client().join("/", "/custom")
    for name in ("/", "/custom"):
        state = await one.ask("getState", namespace=name)
        same([state["nsp"], state["id"]], [name, one.get_sid(name)])
    await one.ask("broadcast", {"self": True}, "news", 1, namespace="/custom")
    same(await one.heard("news"), [])


@check("a namespace is made on demand when its name matches")
async def _(client):
    one = await client().join("/dynamic-9")
    same(await one.next("nsp", "/dynamic-9"), ["/dynamic-9"])
    same(await refusal(client(), "/dynamic-9", auth={"deny": True}), {"message": "denied"})


@check("a function decides by name and auth payload")
async def _(client):
    one = await client().join("/tenant-green", auth={"key": "green"})
    same((await one.ask("getState", namespace="/tenant-green"))["nsp"], "/tenant-green")
    same(await refusal(client(), "/tenant-red", auth={"key": "green"}), {"message": "Invalid namespace"})


@check("leaving one namespace leaves the others alone")
async def _(client):
    one = await client().join("/", "/custom")
    two = await client().join("/custom")
    await two.ask("watch", namespace="/custom")
    sid = one.get_sid("/custom")
    await leave(one, "/custom")
    same((await two.next("peer-disconnect", "/custom"))[:2], [sid, "client namespace disconnect"])
    same(await one.ask("echo", 1), 1)


async def leave(client, namespace):
    """The library can only leave all namespaces at once; its packets can do better."""
    packet = socketio.packet.Packet(socketio.packet.DISCONNECT, namespace=namespace)
    await client._send_packet(packet)


# ---------------------------------------------------------------- events and acknowledgements


@check("values of all kinds come back")
async def _(client):
    one = await client().join("/")
    values = [1, -1.5, "", 'text 😀 é世 \x1e \\ "', None, True, [], {}, {"a": [{"b": None}]}]
    for value in values:
        same(await one.ask("echo", value), value)
    await one.emit("message", tuple(values))
    same(await one.next("message-back"), values)


@check("binary comes back at the place it had, at any depth")
async def _(client):
    one = await client().join("/")
    values = [b"\x00\xff", b"", {"z": b"z", "deep": [b"1", {"b": [b"", "text"]}]}]
    for value in values:
        same(await one.ask("echo", value), value)
    await one.emit("message", tuple(values))
    same(await one.next("message-back"), values)


@check("the server sees binary where it was")
async def _(client):
    one = await client().join("/")
    same(await one.ask("describe", b"\x01", "text", {"a": [b"\x02\x02"]}), [{"_bin": "AQ=="}, "text", {"a": [{"_bin": "AgI="}]}])


@check("the server sends binary of many sizes")
async def _(client):
    one = await client().join("/")
    sizes = [0, 1, 125, 126, 255, 256, 65_535, 65_536]
    same(await one.ask("binGen", sizes), [bytes(k % 256 for k in range(size)) for size in sizes])


@check("half a megabyte arrives in one piece, as text and as binary")
async def _(client):
    one = await client().join("/")
    # Six times as long in escapes, as the library writes them.
    for value in ("é" * 80_000, "x" * 500_000, b"\x07" * 500_000):
        if await one.ask("echo", value) != value:
            raise AssertionError("it has changed")


@check("the server answers with any number of arguments")
async def _(client):
    one = await client().join("/")
    same(await one.ask("message-with-ack"), None)
    same(await one.ask("message-with-ack", 1), 1)
    same(await one.ask("message-with-ack", 1, b"2", "3"), (1, b"2", "3"))


@check("each answer finds its question, also out of order")
async def _(client):
    one = await client().join("/")
    order = []

    async def ask(event, *args):
        order.append(await one.ask(event, *args))

    await asyncio.gather(ask("slowEcho", 200, "slow"), ask("echo", "quick"))
    same(order, ["quick", "slow"])


@check("a question nobody answers times out at the client")
async def _(client):
    one = await client().join("/")
    try:
        await one.call("slowEcho", (3000, 1), timeout=0.1)
    except socketio.exceptions.TimeoutError:
        return
    raise AssertionError("it was answered")


@check("the server asks, the client answers")
async def _(client):
    one = await client().join("/")
    await one.emit("serverAck", ({"event": "question"}, "x", b"y"))
    same(await one.next("question"), ["x", b"y"])
    same(await one.next("serverAckResult"), [None, ["x", b"y"]])


@check("the server asks in vain, and a late answer does no harm")
async def _(client):
    one = await client().join("/")
    await one.emit("serverAck", ({"event": "slow", "timeout": 100},))
    same(await one.next("serverAckResult"), ["timeout", []])
    await asyncio.sleep(1)
    same(await one.ask("echo", 1), 1)


@check("hundreds of events keep their order, both ways")
async def _(client):
    one = await client().join("/")
    await one.emit("numbers", {"count": 300, "bytes": 10, "binary": True})
    numbers = [(await one.next("n"))[0] for _ in range(300)]
    same(numbers, list(range(300)))
    for i in range(300):
        await one.emit("push", i)
    same(await one.ask("pushReport"), {"count": 300, "inOrder": True, "first": 0, "last": 299})


@check("volatile events may be dropped, but order and content stay")
async def _(client):
    one = await client().join("/")
    await one.emit("numbers", {"count": 200, "volatile": True, "bytes": 5_000})
    last = -1
    while True:
        _, name, args = await asyncio.wait_for(one.queue.get(), PATIENCE)
        if name == "n-end":
            return same(args, [200])
        if name == "n":
            same([args[0] > last, args[1]], [True, "x" * 5_000])
            last = args[0]


@check("texts in UTF-8, in order")
async def _(client):
    one = await client().join("/")
    await one.emit("getUtf8")
    wanted = ["てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"]
    same([(await one.next("takeUtf8"))[0] for _ in wanted], wanted)


# ---------------------------------------------------------------- rooms, middleware, catch-all


async def three(client):
    """Clients a, b, c: a and b in `red`, b and c in `blue`."""
    a, b, c = [await client().join("/") for _ in "abc"]
    same(sorted(await a.ask("join", "red")), sorted([a.get_sid(), "red"]))
    await b.ask("join", ["red", "blue"])
    await c.ask("join", "blue")
    return a, b, c


async def who(*clients):
    """Who has heard the news, by letter."""
    heard = [len(await client.heard("news")) for client in clients]
    return "".join(letter * count for letter, count in zip("abc", heard))


@check("broadcasts reach whom they are for: to rooms, except some, self or not")
async def _(client):
    a, b, c = await three(client)
    for target, wanted in (
        ({}, "bc"),
        ({"self": True}, "abc"),
        ({"to": ["red"]}, "b"),
        ({"to": ["red", "blue"], "self": True}, "abc"),
        ({"to": ["red", "blue"], "except": ["blue"], "self": True}, "a"),
        ({"to": [c.get_sid()]}, "c"),
        ({"to": ["nobody"]}, ""),
    ):
        await a.ask("broadcast", target, "news", b"\x01")
        same([target, await who(a, b, c)], [target, wanted])


@check("who has left a room hears nothing more")
async def _(client):
    a, b, c = await three(client)
    await b.ask("leave", "red")
    await a.ask("broadcast", {"to": ["red"], "self": True}, "news")
    same(await who(a, b, c), "a")


@check("a broadcast gathers the answers")
async def _(client):
    a, b, c = await three(client)
    same(await a.ask("broadcastWithAck", {}, "vote", b"x"), (None, [b"x", b"x"]))
    error, answers = await a.ask("broadcastWithAck", {"timeout": 200, "to": ["blue"]}, "slow")
    same([error, answers], ["operation has timed out", []])


@check("operations on many sockets: find, move, send away")
async def _(client):
    a, b, c = await three(client)
    same(await a.ask("fetchSockets", {"to": ["blue"]}), sorted([b.get_sid(), c.get_sid()]))
    await a.ask("socketsJoin", {"to": ["blue"]}, ["green"])
    await a.ask("socketsLeave", {"to": [b.get_sid()]}, "green")
    same(await a.ask("fetchSockets", {"to": ["green"]}), [c.get_sid()])
    await a.ask("disconnectSockets", {"to": ["green"]}, False)
    same(await c.next("disconnect"), ["server disconnect"])
    same(await a.ask("fetchSockets", {}), sorted([a.get_sid(), b.get_sid()]))


@check("a blocked event is refused, others pass")
async def _(client):
    one = await client().join("/")
    await one.emit("blocked", 1)
    same(await one.next("mw-error"), ["blocked by middleware"])
    same(await one.ask("echo", 1), 1)


@check("the catch-all listener sees every event whose name begins with `any:`")
async def _(client):
    one = await client().join("/")
    await one.emit("any:thing", (1, b"\x03"))
    await one.emit("many:things")
    await one.emit("any:")
    same(await one.heard("any"), [["any:thing", 1, b"\x03"], ["any:"]])


# ---------------------------------------------------------------- parting


async def parting(client, part):
    """What both sides are told when `part` ends the connection of a client in the room `r`."""
    watcher, one = await client().join("/"), await client().join("/")
    await watcher.ask("watch")
    await one.ask("join", "r")
    sid = one.get_sid()
    await part(one)
    [told] = await one.next("disconnect")
    gone, reason, rooms = await watcher.next("peer-disconnect")
    same([gone, rooms], [sid, sorted([sid, "r"])])
    return [told, reason]


@check("the server sends the socket away")
async def _(client):
    reasons = await parting(client, lambda one: one.emit("disconnectMe", False))
    same(reasons, ["server disconnect", "server namespace disconnect"])


@check("the client leaves")
async def _(client):
    told, reason = await parting(client, lambda one: one.disconnect())
    # The library closes the connection before its farewell is written, mostly.
    same([told, reason in ("client namespace disconnect", "transport close")], ["client disconnect", True])


@check("the server closes the connection")
async def _(client):
    told, reason = await parting(client, lambda one: one.emit("closeEngine"))
    # Over polling there is a packet that says so.
    same(told, "transport error" if "websocket" in transports else "server disconnect")
    same(reason in ("forced close", "forced server close"), True)


@check("an idle connection lives by its pings")
async def _(client):
    one = await client().join("/")
    await asyncio.sleep(2.5)
    same(await one.ask("echo", "alive"), "alive")
    same(await one.heard("disconnect"), [])


@check("a client comes back after a restart")
async def _(client):
    one = await client(reconnection=True, reconnection_delay=0.05, reconnection_delay_max=0.25).join("/")
    await one.next("connect")
    before = one.get_sid()
    tell(cue="restart")
    same(await one.next("disconnect", patience=RESTART), ["transport error"])
    await one.next("connect", patience=RESTART)
    same([one.get_sid() != before, await one.ask("echo", 1)], [True, 1])


@check("clients are told when the server ends")
async def _(client):
    one = await client().join("/")
    tell(cue="terminate")
    [told] = await one.next("disconnect", patience=RESTART)
    # A poll may find the server gone before it is told.
    same(told in ("server disconnect", "transport error"), True)
    tell(cue="start")


async def deserted():
    """Nobody is on the server. A client that leaves while its last POST is under way says nothing, and times out."""
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(url + "/stats") as response:
                    if (await response.json())["engine"] == 0:
                        return
            except aiohttp.ClientError:
                pass  # it is being started
            await asyncio.sleep(0.02)


async def main():
    for name, story in checks:
        clients = []

        def client(clients=clients, **options):
            clients.append(Client(**options))
            return clients[-1]

        try:
            await asyncio.wait_for(story(client), 3 * RESTART)
        except Exception as error:
            tell(check=name, ok=False)
            sys.exit(f"{name}: {error!r}")
        finally:
            for one in clients:
                await one.disconnect()
        await asyncio.wait_for(deserted(), PATIENCE)
        tell(check=name, ok=True)
    tell(done=True)


asyncio.run(main())
