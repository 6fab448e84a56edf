"""The authority over rates without a Valkey: the script's sentences in Python, at a time of the test's choosing."""

import math
import struct
from collections.abc import Sequence

from trinity_beast.access.cluster.authority import LATE

ENTRY = struct.Struct("<IIdIdId")


class ModelAuthority:
    """Says what `authority.SCRIPT` says. `test_authority.py` holds the two against each other."""

    def __init__(self) -> None:
        self.buckets: dict[int, float] = {}
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
            full_at = max(self.buckets.get(key, 0), min(view, math.floor(now_us + interval * burst * (expected + 1))))
            if requests > 0:
                full_at = max(full_at, now_us - age) + math.ceil(requests * interval * expected / len(present))
            if share > 0:
                full_at = max(full_at, now_us) + math.ceil(share * interval)
            self.buckets[key] = full_at
            stood += struct.pack("<d", full_at)
        return [b"%d" % now_us, b"%d" % len(present), b"%d" % expected, stood]
