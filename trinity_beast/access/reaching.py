"""Reaching keys and tiers from a shell, whether or not the node runs: what every verb shares."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from trinity_beast.access.accounts import Accounts
from trinity_beast.access.first_keys import server_digests
from trinity_beast.access.leaks import Leaks
from trinity_beast.access.service import Keys
from trinity_beast.access.tiers import Tiers
from trinity_beast.audit import Audit, Signature
from trinity_beast.clock import Clock
from trinity_beast.errors import Mistake, TrinityError
from trinity_beast.randomness import SecretSource
from trinity_beast.storage import Whereabouts, reached
from trinity_beast.web import Desk

T = TypeVar("T")
DURATION = re.compile(r"(\d{1,6})(s|m|h|d)", re.ASCII)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Store:
    """What a verb may ask for."""

    keys: Keys
    tiers: Tiers
    accounts: Accounts
    audit: Audit
    leaks: Leaks


@dataclass(frozen=True, slots=True)
class Where:
    """Where a node keeps its data, and the server secret its settings give it; empty: its own."""

    whereabouts: Whereabouts
    server_secret: str = ""

    def __repr__(self) -> str:
        return f"Where({self.whereabouts.data_dir})"  # A secret must not reach a log by way of a repr.


class Reach:
    """Opens the store of a data folder for one verb, and tells a refusal in words."""

    def __init__(
        self, where: Callable[[Path | None], Where], clock: Clock, secrets: SecretSource, tell: Callable[[TrinityError], str]
    ) -> None:  # fmt: skip
        """Reach the node of a `--data-dir` (None: the default) by `where`."""
        self._where, self._secrets, self._tell = where, secrets, tell
        self.clock = clock
        self.desk = Desk(tell)

    def run(self, work: Callable[[Store], Coroutine[None, None, T]], data_dir: Path | None) -> T:
        """Do a verb's work. A refusal is told, every mistake of it by its place, and ends the program with status 1."""

        async def worked() -> T:
            async with self._opened(data_dir) as store:
                return await work(store)

        try:
            # Starting PostgreSQL for the moment takes a second; on a terminal, say what is being waited for.
            with self.desk.talk.status("Reaching the database"):
                return asyncio.run(worked())
        except TrinityError as error:
            self.desk.say(self._tell(error), style="red")
            for mistake in error.mistakes:
                self.desk.say(_line(mistake))
            raise SystemExit(1) from error

    @asynccontextmanager
    async def _opened(self, data_dir: Path | None) -> AsyncIterator[Store]:
        where = self._where(data_dir)
        async with reached(where.whereabouts, clock=self.clock) as (folder, database):
            digests = server_digests(folder, self._secrets, given=where.server_secret)
            keys = Keys(database, digests, self.clock, self._secrets)
            await keys.expect_one_secret()
            leaks = Leaks(database, digests, self.clock)
            yield Store(keys, Tiers(database), Accounts(database, self.clock, self._secrets), Audit(database), leaks)


def signed(operator: str, reason: str) -> Signature:
    """Return who changes something from this shell."""
    name = "".join(character for character in operator if character.isprintable()).strip()[:64]
    return Signature(f"{name or 'operator'} (shell)", reason[:500].replace("\x00", ""))


def duration_of(text: str) -> timedelta:
    """Return a duration such as 30m.

    Raises:
        ValueError: it is none.
    """
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration; say 30m, 24h or 7d.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def moment_of(text: str, now: datetime) -> datetime:
    """Return a moment: so long from now, or a date.

    Raises:
        ValueError: it is neither.
    """
    if DURATION.fullmatch(text):
        return now + duration_of(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no time; say 90d, 2027-01-31 or 2027-01-31T12:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _line(mistake: Mistake) -> str:
    return f"- {mistake.location}: {mistake.message}. {mistake.fix}"
