"""Drives the robot a little way: takes the seat, drives with fresh samples, and lets go.

    pip install "python-socketio[asyncio_client]"
    python examples/drive.py [https://localhost:8080]

Ctrl-C lets go at once. Joywire must run on this machine (`cargo run` is enough): programs here need no pairing.
"""

import asyncio
import signal
import sys

import socketio

# How long, seconds, and where the stick is: x to the right, y ahead, each -1 to 1.
WAY = [(0.3, 0, 0), (1.0, 0, 0.4), (0.6, -0.4, 0), (0.3, 0, 0)]

# The asyncio client: the other one reads and writes one TLS connection from two threads, which breaks now and then.
# Ctrl-C is handled here, as the client would only hang up.
client = socketio.AsyncClient(ssl_verify=False, reconnection=False, handle_sigint=False)
telemetry = {}
mine = False  # whether the seat is ours
welcomed = asyncio.Event()
over = asyncio.Event()  # something ended the drive


def end(why):
    if not over.is_set():
        print(why)
        over.set()


@client.on("welcome")
def on_welcome(welcome):
    client.welcome = welcome
    on_telemetry(welcome["telemetry"])
    welcomed.set()


@client.on("telemetry")
def on_telemetry(newest):
    global telemetry
    telemetry = newest
    reason = newest["reason"] or {"code": "", "text": newest["state"]}
    # The next fresh sample mends a stale one; everything else wants a look first.
    if mine and newest["state"] not in ("ready", "driving") and reason["code"] != "command_stale":
        end("stopped: " + reason["text"])


@client.on("seat")
def on_seat(seat):
    holder = seat["holder"]
    if mine and (holder is None or holder["id"] != client.welcome["you"]["id"]):
        end("somebody else drives now" if holder else "the seat was given up")


@client.on("refused")
def on_refused(refused):
    print("refused:", refused["event"], refused["why"])


@client.event
def disconnect(reason=None):
    end("the connection is gone")


async def drive(epoch):
    """Samples at the pace that the robot asks for, each with the newest tick that it told."""
    pause = 1 / client.welcome["limits"]["sample_hz"]
    seq = 0
    for seconds, x, y in WAY:
        for _ in range(round(seconds / pause)):
            if over.is_set():
                return
            seq += 1
            fresh = {"tick": telemetry["tick"], "session": telemetry["session"]}
            await client.emit("drive", {"seq": seq, "x": x, "y": y, "epoch": epoch, **fresh})
            await asyncio.sleep(pause)


async def main(url):
    global mine
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end, "letting go")
    await client.connect(url, transports=["websocket"])
    await asyncio.wait_for(welcomed.wait(), 5)
    answer = await client.call("seat", {"want": "take"}, timeout=3)
    if not answer["ok"]:
        print("no seat:", answer["why"])
    else:
        mine = True
        print("driving", client.welcome["robot"]["name"])
        await drive(answer["seat"]["epoch"])
        mine = False
        over.set()
        if client.connected:
            # Giving the seat back stops the robot at once.
            await client.call("seat", {"want": "release"}, timeout=3)
    await client.disconnect()
    return 0 if answer["ok"] else 1


sys.exit(asyncio.run(main(*sys.argv[1:2] or ["https://localhost:8080"])))
