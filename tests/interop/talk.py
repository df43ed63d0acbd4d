"""Says what it is told to by python-socketio, and tells what it hears: the matrix drives it.

usage: talk.py sync|asyncio URL websocket|polling

Reads {"emit": name, "args": [...], "ack": true or false} a line; {"base64": text} stands for binary data.
Prints {"connected": true}, then {"heard": name, "args": [...]} and {"answered": [...]} a line. Ends when its
standard input does.
"""

import asyncio
import base64
import json
import sys
import threading
import warnings

import socketio

warnings.filterwarnings("ignore", message="Unverified HTTPS request")
kind, url, transport = sys.argv[1:]
lock = threading.Lock()


def say(**words):
    line = json.dumps(words, default=lambda data: {"base64": base64.b64encode(data).decode()})
    with lock:  # the synchronous client calls each listener on a thread of its own
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def binary(words):
    return base64.b64decode(words["base64"]) if "base64" in words else words


def told(line):
    words = json.loads(line, object_hook=binary)
    answered = (lambda *answer: say(answered=answer)) if words.get("ack") else None
    return words["emit"], tuple(words["args"]), answered


def heard(event, *args):
    if event != "telemetry":
        say(heard=event, args=args)


def run():
    client = socketio.Client(ssl_verify=False, reconnection=False)
    client.on("*", heard)
    client.connect(url, transports=[transport])
    say(connected=True)
    for line in sys.stdin:
        event, args, answered = told(line)
        client.emit(event, args, callback=answered)
    client.disconnect()


async def run_asyncio():
    client = socketio.AsyncClient(ssl_verify=False, reconnection=False)
    client.on("*", heard)
    await client.connect(url, transports=[transport])
    say(connected=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        event, args, answered = told(line)
        await client.emit(event, args, callback=answered)
    await client.disconnect()


if kind == "sync":
    run()
else:
    asyncio.run(run_asyncio())
