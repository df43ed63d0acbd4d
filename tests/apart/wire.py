#!/usr/bin/env python3
"""A cable between two networks, with a weather: wire.py HERE PID THERE joins interfaces of these names.

Reads commands, a line each, and answers each with the moment from which it holds, ns of the steady clock:
`cut there`, `cut here`: nothing arrives there, or here, any more; `mend`: all does again;
`weather DELAY JITTER LOSS`: each frame is under way for DELAY ± JITTER ms, a share LOSS of them is lost.
The order of frames is kept, as radios keep it. It ends with its standard input.
"""

import collections
import os
import random
import select
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "common"))
import wires  # noqa: E402


class Way:
    """One direction."""

    def __init__(self, end):
        self.end = end
        self.cut = False
        self.delay, self.jitter, self.loss = 0.0, 0.0, 0.0
        self.flying = collections.deque()

    def take(self, frame, now):
        if self.cut or random.random() < self.loss:
            return
        due = now + max(0.0, self.delay + random.uniform(-self.jitter, self.jitter))
        if self.flying:
            due = max(due, self.flying[-1][0])
        self.flying.append((due, frame))

    def deliver(self, now):
        while self.flying and self.flying[0][0] <= now:
            _, frame = self.flying.popleft()
            try:
                if not self.cut:
                    os.write(self.end, frame)
            except OSError:
                pass  # An end that is not up yet loses frames, as cables do.


def command(words, to_there, to_here):
    if words[0] == "cut":
        (to_there if words[1] == "there" else to_here).cut = True
    elif words[0] == "mend":
        to_there.cut = to_here.cut = False
    elif words[0] == "weather":
        delay, jitter, loss = (float(word) for word in words[1:])
        for way in (to_there, to_here):
            way.delay, way.jitter, way.loss = delay / 1000, jitter / 1000, loss
    else:
        sys.exit(f"what is {words}?")


def main():
    here, there = wires.join(sys.argv[1], sys.argv[2], sys.argv[3])
    to_there, to_here = Way(there), Way(here)
    ways = {here: to_there, there: to_here}
    orders, ordered = sys.stdin.fileno(), b""
    print("ready", flush=True)
    while True:
        now = time.monotonic()
        due = [way.flying[0][0] for way in ways.values() if way.flying]
        limit = max(0.0, min(due) - now) if due else None
        ready = select.select([here, there, orders], [], [], limit)[0]
        now = time.monotonic()
        for wire, way in ways.items():
            if wire in ready:
                try:
                    way.take(os.read(wire, 65536), now)
                except OSError:
                    pass
        if orders in ready:
            said = os.read(orders, 256)
            if not said:
                return
            *lines, ordered = (ordered + said).split(b"\n")
            for line in lines:
                command(line.decode().split(), to_there, to_here)
                print(f"since {time.monotonic_ns()}", flush=True)
        for way in ways.values():
            way.deliver(time.monotonic())


main()
