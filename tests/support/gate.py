"""A gate and its questions that keep the engine's contract, for tests that need no engine."""

import os
import select
from dataclasses import dataclass, replace
from datetime import datetime

from trinity_beast.access import Grant


@dataclass(frozen=True)
class FakeStanding:
    burst: int
    tokens_left: int
    quota_left: int | None


class FakeGate:
    """Keeps `access.Gate`. Buckets do not refill; `spend` is a caller's requests."""

    def __init__(self) -> None:
        self._standings: dict[bytes, FakeStanding] = {}
        self._months: dict[bytes, datetime] = {}
        self.grants: dict[bytes, Grant] = {}
        self.refusals: dict[bytes, str] = {}
        self.will_not_take = ""

    def admit(self, digest: bytes, grant: Grant) -> None:
        assert len(digest) == 32
        if grant.tier == self.will_not_take:
            raise ValueError("rate_per_second is out of range")
        known = self._standings.get(digest)
        quota_left = None if grant.quota is None else grant.quota_left
        if known is None:
            self._standings[digest] = FakeStanding(grant.burst, grant.burst, quota_left)
        else:
            same_month = self._months[digest] == grant.quota_resets_at
            kept = known.quota_left if same_month and known.quota_left is not None else quota_left
            self._standings[digest] = FakeStanding(grant.burst, min(known.tokens_left, grant.burst), kept)
        self._months[digest], self.grants[digest] = grant.quota_resets_at, grant
        self.refusals.pop(digest, None)

    def refuse(self, digest: bytes, code: str, *, seconds: float) -> None:
        assert len(digest) == 32
        assert code in {"KEY_INVALID", "KEY_REVOKED", "KEY_EXPIRED"}
        assert seconds > 0
        self._forget_admitted(digest)
        self.refusals[digest] = code

    def forget(self, digest: bytes) -> bool:
        was_known = digest in self.grants or digest in self.refusals
        self._forget_admitted(digest)
        self.refusals.pop(digest, None)
        return was_known

    def standing(self, digest: bytes) -> FakeStanding | None:
        return self._standings.get(digest)

    def spend(self, digest: bytes, requests: int) -> None:
        """Be a caller who makes so many requests."""
        standing = self._standings[digest]
        left = None if standing.quota_left is None else standing.quota_left - requests
        self._standings[digest] = replace(standing, tokens_left=max(0, standing.tokens_left - requests), quota_left=left)

    def refill(self, digest: bytes) -> None:
        """Be a key nobody has used for a while."""
        standing = self._standings[digest]
        self._standings[digest] = replace(standing, tokens_left=standing.burst)

    def _forget_admitted(self, digest: bytes) -> None:
        for known in (self._standings, self._months, self.grants):
            known.pop(digest, None)


class FakeQuestions:
    """Keeps `access.Questions` with a real descriptor."""

    def __init__(self) -> None:
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._waiting: list[tuple[int, bytes]] = []
        self._tickets = 0
        self.answers: dict[int, str | None] = {}

    def fileno(self) -> int:
        return self._event

    def take(self) -> list[tuple[int, bytes]]:
        if select.select([self._event], [], [], 0)[0]:
            os.eventfd_read(self._event)
        taken, self._waiting = self._waiting, []
        return taken

    def answer_all(self, answers: list[tuple[int, str | None]]) -> None:
        for ticket, refusal in answers:
            assert ticket not in self.answers, "a ticket is answered once"
            self.answers[ticket] = refusal

    def ask(self, digest: bytes) -> int:
        """Be a request with a key the engine has not heard of; its ticket."""
        self._tickets += 1
        self._waiting.append((self._tickets, digest))
        os.eventfd_write(self._event, 1)
        return self._tickets

    def close(self) -> None:
        os.close(self._event)
