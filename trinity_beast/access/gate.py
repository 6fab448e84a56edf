"""The engine as access needs it: four verbs about keys, and the questions it asks."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from trinity_beast.access.model import Grant, Refused


class Standing(Protocol):
    """A key's limits and what is left of them at one moment."""

    @property
    def burst(self) -> int:
        """How many requests may come at once."""
        ...

    @property
    def tokens_left(self) -> int:
        """How many of them are left."""
        ...

    @property
    def quota_left(self) -> int | None:
        """How many requests are left of the month, or None without a quota."""
        ...


class KeyUsed(Protocol):
    """What one key was granted and refused since it was let in."""

    @property
    def key_id(self) -> int:
        """The key's number."""
        ...

    @property
    def granted(self) -> int:
        """How many requests it was let in with."""
        ...

    @property
    def refused(self) -> int:
        """How many it was refused."""
        ...

    @property
    def last_used_ns(self) -> int:
        """When it asked last, Unix time."""
        ...


class CountsUse(Protocol):
    """Who counts what each key is used for. `engine_gate.EngineGate` is the real one."""

    def used_since(self, monotonic_ns: int) -> Sequence[KeyUsed]:
        """Return the counts of each key that asked at this time or later."""
        ...


class Gate(Protocol):
    """Where keys are let in. `engine_gate.EngineGate` is the real one."""

    def admit(self, digest: bytes, grant: Grant) -> None:
        """Let a key ask from the next request on. A key that is known keeps its bucket's level and its quota's count."""
        ...

    def refuse(self, digest: bytes, code: str, *, seconds: float) -> None:
        """Remember for `seconds` that this key is refused with `code`."""
        ...

    def forget(self, digest: bytes) -> bool:
        """Drop all that is known of a key, so that its next request asks again; whether anything was."""
        ...

    def standing(self, digest: bytes) -> Standing | None:
        """Return a key's limits and what is left of them, or None when it is not admitted."""
        ...


class Questions(Protocol):
    """Keys the engine has not heard of. Their requests wait until they are answered."""

    def fileno(self) -> int:
        """Return a descriptor that is readable while questions wait."""
        ...

    def take(self) -> list[tuple[int, bytes]]:
        """Return (ticket, digest) of all waiting questions and clear the descriptor."""
        ...

    def answer_all(self, answers: list[tuple[int, str | None]]) -> None:
        """Let waiting requests go on, each by its ticket, or refuse them with the code given."""
        ...


class Resolves(Protocol):
    """Who knows what keys may do. `Keys` is one, `SharedKeys` another, `QuotaBlocks` one that also brings units of their months."""

    async def resolve(self, digests: Collection[bytes]) -> Mapping[bytes, Grant | Refused]:
        """Tell for each digest what its key may do or why it is refused; one that cannot be told just now is left out."""
        ...
