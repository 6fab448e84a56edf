"""The one place that draws random numbers."""

import random
import secrets
from typing import Protocol

Dice = random.Random
"""Randomness that need not be secret, handed in so that a test can foretell it."""

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class SecretSource(Protocol):
    """Randomness nobody can guess: keys, tokens, server secrets."""

    def octets(self, count: int) -> bytes:
        """Return `count` random bytes."""
        ...

    def base62(self, count: int) -> str:
        """Return `count` characters, each drawn evenly from 0-9, A-Z, a-z."""
        ...


class SystemSecrets:
    """The operating system's generator."""

    def octets(self, count: int) -> bytes:
        """Return `count` random bytes."""
        return secrets.token_bytes(count)

    def base62(self, count: int) -> str:
        """Return `count` characters, each drawn evenly from 0-9, A-Z, a-z."""
        return "".join(secrets.choice(BASE62) for _ in range(count))


def dice() -> random.Random:
    """Return a generator for what need not be secret, such as jitter; seeded by the operating system."""
    return random.Random(secrets.randbits(128))  # noqa: S311 - Jitter guards no secret.


def dice_from(seed: str) -> random.Random:
    """Return a generator that gives the same numbers for the same `seed`, on every machine. Guards no secret."""
    return random.Random(seed)  # noqa: S311 - Foretold on purpose.
