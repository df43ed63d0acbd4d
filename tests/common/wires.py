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


def join(here, process, there):
    """A tap in this network, and one in the network of a process, which this program is in from then on."""
    network = os.open(f"/proc/{process}/ns/net", os.O_RDONLY)
    near = tap(here)
    if ctypes.CDLL(None, use_errno=True).setns(network, NEW_NETWORK) != 0:
        sys.exit(f"setns: {os.strerror(ctypes.get_errno())}")
    return near, tap(there)


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--to"]:
        here, end = join(arguments[2], arguments[1], arguments[2])
        leads_to = {here: end, end: here}
    else:
        leads_to = {tap(name): None for name in arguments}
    print("ready", flush=True)
    while True:
        for wire in select.select(list(leads_to), [], [])[0]:
            try:
                frame = os.read(wire, 65536)
                if leads_to[wire] is not None:
                    os.write(leads_to[wire], frame)
            except OSError:
                pass  # An end that is not up yet loses frames, as cables do.


if __name__ == "__main__":
    main()
