#!/usr/bin/env python3
"""Network interfaces with a link, for tests: wires.py NAME... makes taps; wires.py --to PID NAME joins two of them.

Taps, because every kernel has them; those of type dummy and veth are modules that some lack.
"""

import ctypes
import fcntl
import os
import select
import struct
import sys

SET_INTERFACE = 0x400454CA
TAP_WITHOUT_HEADER = 0x0002 | 0x1000
NEW_NETWORK = 0x40000000


def tap(name):
    wire = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(wire, SET_INTERFACE, struct.pack("16sH22x", name.encode(), TAP_WITHOUT_HEADER))
    return wire


def main():
    arguments = sys.argv[1:]
    there = None
    if arguments[:1] == ["--to"]:
        there = os.open(f"/proc/{arguments[1]}/ns/net", os.O_RDONLY)
        arguments = arguments[2:]
    leads_to = {tap(name): None for name in arguments}
    if there is not None:
        (here,) = leads_to
        if ctypes.CDLL(None, use_errno=True).setns(there, NEW_NETWORK) != 0:
            sys.exit(f"setns: {os.strerror(ctypes.get_errno())}")
        end = tap(arguments[0])
        leads_to = {here: end, end: here}
    print("ready", flush=True)
    while True:
        for wire in select.select(list(leads_to), [], [])[0]:
            try:
                frame = os.read(wire, 65536)
                if leads_to[wire] is not None:
                    os.write(leads_to[wire], frame)
            except OSError:
                pass  # An end that is not up yet loses frames, as cables do.


main()
