"""The robot's side of the original course project: hears chat and direction, answers with reply and notices.

usage: classic_client.py URL TRANSPORT

What it sees is printed, a JSON array a line: ["connected"], ["chat", …arguments], ["direction", …arguments].
SIGTERM ends it in order.
"""

import json
import signal
import sys
import warnings

import socketio

warnings.filterwarnings("ignore", message="Unverified HTTPS request")
url, transport = sys.argv[1:]
sio = socketio.Client(ssl_verify=False, reconnection=False)


def say(*words):
    print(json.dumps(words), flush=True)


def answer(data):
    sio.emit("reply", {"data": data[0]})


@sio.event
def connect():
    sio.emit("notices", {"data": "Python client is here"})
    say("connected")


@sio.event
def disconnect(reason=None):
    say("disconnected", reason)


@sio.on("chat")
def chat(*args):
    say("chat", *args)
    answer(args[0])


@sio.on("direction")
def direction(*args):
    say("direction", *args)
    answer(args[0])


def end(_signal, _frame):
    sio.disconnect()
    sys.exit(0)


signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
sio.connect(url, transports=[transport])
sio.wait()
