"""Reading the machine: the kernel's bounds, the limits of this process, ports, disks, the clock's keeper."""

import ctypes
import errno
import os
import resource
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from trinity_beast.ops.doctor.model import ClockState, Listener, Room

UNSYNCHRONISED = 0x40
"""STA_UNSYNC of adjtimex(2): nobody keeps the clock."""


class _Timex(ctypes.Structure):
    """The head of `struct timex`, as the kernel has it on 64-bit Linux; the rest is room for what we do not read.

    Source: https://man7.org/linux/man-pages/man2/adjtimex.2.html, read 2026-11-20.
    """

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 512),
    )


def room_at(path: Path) -> Room:
    """Return what is left of the disk on which `path` lies, or would lie were it made."""
    there = next(each for each in (path, *path.parents) if each.exists())
    disk = os.statvfs(there)
    return Room(disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize, disk.f_favail if disk.f_files else None)


@dataclass(frozen=True)
class Machine:
    """The machine as the doctor reads it; a test hands in another `/proc` or another disk."""

    proc: Path = Path("/proc")
    room: Callable[[Path], Room] = room_at

    def kernel_number(self, name: str) -> int | None:
        """Return a bound of the kernel (`net.core.rmem_max`), or None where it is not shown."""
        try:
            return int((self.proc / "sys" / name.replace(".", "/")).read_text())
        except (OSError, ValueError):
            return None

    def files_most(self) -> int | None:
        """Return how many files a process of ours may have open once it has raised its limit; None without bound."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        return None if most == resource.RLIM_INFINITY else most

    def clock_state(self) -> ClockState | None:
        """Return what the kernel says of its clock, or None where it does not say."""
        adjtimex = getattr(ctypes.CDLL(None, use_errno=True), "adjtimex", None)
        if adjtimex is None or not sys.platform.startswith("linux"):
            return None
        told = _Timex(modes=0)  # It only asks.
        if adjtimex(ctypes.byref(told)) < 0:
            return None
        return ClockState(not told.status & UNSYNCHRONISED, timedelta(microseconds=told.maxerror))

    def port_taken(self, listener: Listener) -> str:
        """Return why a port cannot be had; empty where it can. Whoever has it is not disturbed."""
        if listener.port == 0:
            return ""
        family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM if listener.is_udp else socket.SOCK_STREAM) as probe:
            if not listener.is_udp:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # Connections that just ended are nobody's.
            try:
                probe.bind((listener.host, listener.port))
            except OSError as error:
                known = {errno.EADDRINUSE: "in use", errno.EACCES: "not allowed"}
                return known.get(error.errno or 0, error.strerror or str(error))
        return ""

    def python_version(self) -> tuple[int, int, int]:
        """Return the version of the Python that runs this."""
        return sys.version_info[:3]
