"""The robot's side of the system that Joywire follows, in its shape and in our words: a direction becomes a frame on a serial port.

usage: agent.py URL SERIAL_PORT [--baud BITS] [--lock]

It hears `direction`, writes a DRIVE frame of Joywire's serial protocol with that speed for both motors (a number, permille), and
answers with `reply`. It says on standard output when it is connected.

--lock puts a lock around the TLS connection. The library reads and writes in two threads, and one connection of OpenSSL bears one at
a time: without it some messages are lost and now and then the connection (python-engineio issue 461).
"""

import argparse
import itertools
import select
import signal
import ssl
import struct
import sys
import threading
import time

import serial
import socketio
import websocket

SESSION = 0x9A3C0042
TTL_MS = 230
#: What the buttons of the page mean for the left and the right motor, permille.
WORDS = {"up": (500, 500), "down": (-500, -500), "left": (-300, 300), "right": (300, -300), "stop": (0, 0)}


def crc_entry(number):
    for _ in range(8):
        number = (number >> 1) ^ 0xC8DF352F if number & 1 else number >> 1
    return number


CRC_TABLE = [crc_entry(number) for number in range(256)]


def crc32_autosar(body):
    crc = 0xFFFFFFFF
    for byte in body:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def stuffed(plain):
    """COBS: the same without zeros, for less than 254 bytes."""
    return b"".join(bytes([len(part) + 1]) + part for part in plain.split(b"\0"))


def drive_frame(left, right, seq, tick, session=SESSION, ttl_ms=TTL_MS, epoch=0):
    """A DRIVE message between its two zeros."""
    may_turn = 1 if left or right else 0
    body = struct.pack("<BBIHIHhhBB", 0x11, may_turn, session, seq, tick, ttl_ms, left, right, 0, epoch)
    return b"\0" + stuffed(body + struct.pack("<I", crc32_autosar(body))) + b"\0"


class LockedSocket:
    """A TLS socket that one thread at a time uses, and on which nobody waits while holding it."""

    def __init__(self, connection):
        self.connection = connection
        self.lock = threading.Lock()
        self.timeout = connection.gettimeout()
        connection.setblocking(False)

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def gettimeout(self):
        return self.timeout

    def settimeout(self, timeout):
        self.timeout = timeout

    def recv(self, size):
        return self.patiently(lambda: self.connection.recv(size))

    def send(self, data):
        return self.patiently(lambda: self.connection.send(data))

    def patiently(self, attempt):
        while True:
            with self.lock:
                try:
                    return attempt()
                except ssl.SSLWantReadError:
                    wait = ([self.connection], [])
                except ssl.SSLWantWriteError:
                    wait = ([], [self.connection])
            if not any(select.select(*wait, [], self.timeout)):
                raise TimeoutError("timed out")


def lock_connections():
    """Makes the WebSockets to come use a LockedSocket."""
    unlocked = websocket.create_connection

    def create_connection(*args, **options):
        connected = unlocked(*args, **options)
        connected.sock = LockedSocket(connected.sock)
        return connected

    websocket.create_connection = create_connection


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("port")
    parser.add_argument("--baud", type=int, default=115200)
    parser.add_argument("--lock", action="store_true")
    options = parser.parse_args()
    if options.lock:
        lock_connections()
    robot = serial.Serial(options.port, options.baud)
    sio = socketio.Client(ssl_verify=False)
    count = itertools.count(1)

    @sio.event
    def connect():
        sio.emit("notices", {"data": "the robot is here"})
        print("connected", flush=True)

    @sio.on("direction")
    def direction(data):
        asked = data[0]
        left, right = WORDS[asked] if isinstance(asked, str) else (asked, asked)
        tick = int(time.monotonic() * 1000) & 0xFFFFFFFF
        robot.write(drive_frame(left, right, next(count) & 0xFFFF, tick))
        sio.emit("reply", {"data": asked})

    def end(_signal, _frame):
        sio.disconnect()
        sys.exit(0)

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    sio.connect(options.url, transports=["websocket"])
    sio.wait()


if __name__ == "__main__":
    main()
