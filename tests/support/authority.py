"""The authority over rates without a Valkey: the script's sentences in Python, at a time of the test's choosing."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from trinity_beast.access.cluster.authority import LATE

ENTRY = struct.Struct("<IIdIdId")


@dataclass
class Bucket:
    """One key's, in microseconds: when it would be full again, and when it was last idle."""

    full_at: float = 0
    idle_from: float = 0
    idle_to: float = 0

    def charge(self, cost: float, at: float) -> None:
        if at < self.idle_to:
            start = max(self.idle_from, at)
            room = max(0, min(cost, self.idle_to - start))
            if room > 0:
                self.idle_from, cost = start + room, cost - room
        if cost > 0:
            if at > self.full_at:
                self.idle_from, self.idle_to, self.full_at = self.full_at, at, at
            self.full_at += cost


class ModelAuthority:
    """Says what `authority.SCRIPT` says. `test_authority.py` holds the two against each other."""

    def __init__(self) -> None:
        self.buckets: dict[int, Bucket] = {}
        self.heard: dict[str, tuple[int, int]] = {}

    def hear(self, arguments: Sequence[object], now_us: int) -> list[bytes]:
        """Hear one call with the script's arguments."""
        node, expected, absent_us, deadline_us, batch = arguments
        assert isinstance(node, str)
        assert isinstance(batch, bytes)
        assert isinstance(expected, int)
        assert isinstance(absent_us, int)
        assert isinstance(deadline_us, int)
        if now_us > deadline_us:
            return [b"%d" % now_us, LATE]
        self.heard[node] = (now_us, expected)
        present = [theirs for seen, theirs in self.heard.values() if now_us - seen <= absent_us]
        expected = max(expected, *present, len(present))
        stood = b""
        for key, requests, age, share, interval, burst, view in ENTRY.iter_unpack(batch):
            bucket = self.buckets.setdefault(key, Bucket())
            bucket.full_at = max(bucket.full_at, min(view, math.floor(now_us + interval * burst * (expected + 1))))
            if requests > 0:
                slower = 1 if age > absent_us else expected / len(present)
                bucket.charge(math.ceil(requests * interval * slower), max(0, math.floor(now_us - age)))
            if share > 0:
                bucket.charge(math.ceil(share * interval), now_us)
            stood += struct.pack("<d", bucket.full_at)
        return [b"%d" % now_us, b"%d" % len(present), b"%d" % expected, stood]
