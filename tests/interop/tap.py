"""A tap in a serial cable: a pseudo-terminal of its own in front of a robot's, and a note of every byte.

usage: tap.py ROBOT

Prints {"path": …} with the port to be opened instead of ROBOT, then a line for whatever passes:
{"t": milliseconds of CLOCK_MONOTONIC, "to": "robot" or "host", "hex": …}. Ends when its standard input does.
"""

import json
import os
import select
import sys
import time
import tty


def say(**words):
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main():
    robot = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    host, port = os.openpty()  # `port` stays open here, so that the host may come and go
    tty.setraw(robot)
    tty.setraw(port)
    os.set_blocking(host, False)
    say(path=os.ttyname(port))
    ends = {robot: (host, "host"), host: (robot, "robot")}
    while True:
        ready, _, _ = select.select([*ends, 0], [], [])
        if 0 in ready and not os.read(0, 4096):
            return
        for end in ready:
            if end not in ends:
                continue
            data = os.read(end, 4096)
            at = time.monotonic_ns() / 1e6
            other, to = ends[end]
            try:
                os.write(other, data)
            except BlockingIOError:
                pass  # nobody has the port open; a cable does not wait either
            say(t=at, to=to, hex=data.hex())


main()
