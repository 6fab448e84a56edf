"""The second token: whoever would change much says so twice, and the second time about exactly the same."""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from trinity_beast.clock import Clock
from trinity_beast.ops.consoles.errors import ConfirmationWrong
from trinity_beast.randomness import SecretSource

VALID_SECONDS = 300
KEPT_MAX = 100
TOKEN_CHARACTERS = 22
SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Given:
    digest: bytes
    until_ns: int


class Confirmations:
    """Gives a token for some statements, and takes it once. Kept in memory: it is good on this node, and gone with it."""

    def __init__(self, secrets: SecretSource, clock: Clock) -> None:
        self._secrets, self._clock = secrets, clock
        self._given: OrderedDict[str, _Given] = OrderedDict()

    def give(self, statements: Sequence[str]) -> str:
        """Return a token that confirms exactly these statements, within five minutes."""
        token = self._secrets.base62(TOKEN_CHARACTERS)
        self._given[token] = _Given(_digest(statements), self._clock.monotonic_ns() + VALID_SECONDS * SECOND_NS)
        while len(self._given) > KEPT_MAX:
            self._given.popitem(last=False)
        return token

    def take(self, token: str, statements: Sequence[str]) -> None:
        """Use a token up.

        Raises:
            ConfirmationWrong: it was not given for these statements, is too old, or was used before.
        """
        given = self._given.pop(token, None)
        if given is None or given.until_ns < self._clock.monotonic_ns() or not hmac.compare_digest(given.digest, _digest(statements)):
            raise ConfirmationWrong(minutes=VALID_SECONDS // 60)


def _digest(statements: Sequence[str]) -> bytes:
    digest = hashlib.sha256()
    for statement in statements:
        digest.update(f"{len(statement.encode())}:".encode())
        digest.update(statement.encode())
    return digest.digest()
