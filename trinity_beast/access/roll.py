"""Which keys the gate has let in, and when each must be looked at again."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from trinity_beast.access.model import Grant

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Admitted:
    """A key that was let in: with what, and until when that is believed."""

    grant: Grant
    due_ns: int


class Roll:
    """The keys in the gate by digest. One entry a key; those used up are dropped by whoever asks what is due."""

    def __init__(self) -> None:
        self._admitted: dict[bytes, Admitted] = {}
        self._due: list[tuple[int, bytes]] = []

    def __len__(self) -> int:
        return len(self._admitted)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._admitted

    def __iter__(self) -> Iterator[tuple[bytes, Grant]]:
        return iter([(digest, admitted.grant) for digest, admitted in self._admitted.items()])

    def grant_of(self, digest: bytes) -> Grant | None:
        """Return what the key was let in with."""
        admitted = self._admitted.get(digest)
        return None if admitted is None else admitted.grant

    def admit(self, digest: bytes, grant: Grant, *, due_ns: int) -> None:
        """Note that a key was let in and is to be looked at again at `due_ns`."""
        self._admitted[digest] = Admitted(grant, due_ns)
        heapq.heappush(self._due, (due_ns, digest))

    def forget(self, digest: bytes) -> None:
        """Note that a key is in the gate no more."""
        self._admitted.pop(digest, None)

    def due(self, now_ns: int) -> list[bytes]:
        """Return the keys whose time has come. Each is told once, until it is admitted again."""
        digests = []
        while self._due and self._due[0][0] <= now_ns:
            due_ns, digest = heapq.heappop(self._due)
            admitted = self._admitted.get(digest)
            if admitted is not None and admitted.due_ns == due_ns:  # Else it was let in anew since, with a later time.
                digests.append(digest)
        return digests

    def of_tier(self, tier: str) -> list[bytes]:
        """Return the keys let in by a tier."""
        return [digest for digest, admitted in self._admitted.items() if admitted.grant.tier == tier]
