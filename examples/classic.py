"""Drives as the original's clients did: five words, a chat line, and the robot's answers.

    pip install "python-socketio[client]"
    python examples/classic.py [https://localhost:8080]

A press drives for 400 ms, at half speed at most; "stop" is at once. It needs no seat, and no time stamp.
"""

import sys

import socketio

client = socketio.Client(ssl_verify=False, reconnection=False)


def say(line):
    """Each handler has a thread of its own: a line is written whole, or two of them mix."""
    print(f"{line}\n", end="", flush=True)


@client.on("reply")
def on_reply(message):
    say(f"the robot: {message[0]['data']}")


@client.on("chat")
def on_chat(message):
    say(f"said: {message[0]}")


client.connect(sys.argv[1] if len(sys.argv) > 1 else "https://localhost:8080", transports=["websocket"])
try:
    for word in ["up", "left", "right", "down", "stop"]:
        client.emit("direction", word)
        client.sleep(0.6)
    client.emit("chat", "hello robot")
    client.sleep(0.6)
except KeyboardInterrupt:
    client.emit("direction", "stop")
    client.sleep(0.1)
client.disconnect()
