"""A Lua script that runs inside Valkey, known there by its digest."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

Word = bytes | str | int | float
Command = Sequence[Word]
"""One command and its arguments, as `("SET", "price:BTC", "1")`."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text. Keys go into `KEYS`, the rest into `ARGV`; it reads the time by `redis.call('TIME')`."""

    source: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        # Valkey names scripts by SHA-1; nothing rests on its strength.
        object.__setattr__(self, "digest", hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest())

    def call(self, keys: Sequence[str | bytes] = (), arguments: Sequence[Word] = ()) -> "Call":
        """Return a call of this script, to be run alone or among others in a pipeline."""
        return Call(self, tuple(keys), tuple(arguments))


@dataclass(frozen=True, slots=True)
class Call:
    """A script with what it is given."""

    script: Script
    keys: tuple[str | bytes, ...]
    arguments: tuple[Word, ...]

    @property
    def by_digest(self) -> Command:
        """Return the command that runs it where it is known."""
        return ("EVALSHA", self.script.digest, len(self.keys), *self.keys, *self.arguments)

    @property
    def by_source(self) -> Command:
        """Return the command that runs it anywhere, and makes it known."""
        return ("EVAL", self.script.source, len(self.keys), *self.keys, *self.arguments)
