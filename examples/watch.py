"""Watches the robot: prints what it is doing, once a second and whenever that changes.

    pip install "python-socketio[asyncio_client]"
    python examples/watch.py [https://localhost:8080]

Ctrl-C ends it. It goes on by itself when Joywire was restarted.
"""

import asyncio
import sys
import time

import socketio

client = socketio.AsyncClient(ssl_verify=False, handle_sigint=False)
shown = (None, 0.0)


@client.on("welcome")
def on_welcome(welcome):
    print(f"watching {welcome['robot']['name']} as {welcome['you']['name']} ({welcome['role']})", flush=True)


@client.on("seat")
def on_seat(seat):
    print("drives:", (seat["holder"] or {}).get("name", "nobody"), flush=True)


@client.on("telemetry")  # twenty or more a second
def on_telemetry(robot):
    global shown
    state, at = shown
    if robot["state"] != state or time.monotonic() > at + 1:
        shown = (robot["state"], time.monotonic())
        battery = "" if robot["battery_mv"] is None else f"  battery {robot['battery_mv'] / 1000:.1f} V"
        reason = "" if robot["reason"] is None else "  " + robot["reason"]["text"]
        print(f"{robot['state']:9} wheels {robot['wheels']}{battery}{reason}", flush=True)


@client.event
def disconnect(reason=None):
    print("the connection is gone", flush=True)


async def main(url):
    await client.connect(url, transports=["websocket"])
    try:
        await asyncio.Event().wait()  # for ever
    finally:
        await client.disconnect()


try:
    asyncio.run(main(*sys.argv[1:2] or ["https://localhost:8080"]))
except KeyboardInterrupt:
    pass
