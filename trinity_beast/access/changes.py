"""Hears that keys or tiers were changed, by whichever process, and tells the doorman."""

import asyncio
import re
from collections.abc import Sequence

from trinity_beast.access.doorman import Doorman
from trinity_beast.access.model import Change
from trinity_beast.access.parameters import KEY_LOOK_SECONDS
from trinity_beast.access.service import CHANGES_MAX, Keys
from trinity_beast.access.shared_keys import ChangedLately
from trinity_beast.clock import Clock, pause
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import Broadcasts, DependencyAway, Notices

CHANNEL = "api_keys"
DIGEST = re.compile(r"[0-9a-f]{64}")
TIER_CHARACTERS_MAX = 100

_log = get_log("access")


class ChangeWatch:
    """Listens to the database's notices, and looks for changes every few seconds as the floor, should a notice be lost."""

    name = "key_changes"

    def __init__(
        self,
        keys: Keys,
        notices: Notices,
        doorman: Doorman,
        clock: Clock,
        *,
        broadcasts: Broadcasts | None = None,
        lately: ChangedLately | None = None,
        readings: Readings | None = None,
    ) -> None:
        """Tell `doorman`. Where there is a shared cache, `broadcasts` are heard too, and `lately` remembers what changed."""
        self._keys, self._notices, self._doorman, self._clock = keys, notices, doorman, clock
        self._broadcasts, self._lately = broadcasts, lately or ChangedLately()
        self._every = (readings or Readings()).of(KEY_LOOK_SECONDS)
        self._line_stands = asyncio.Event()
        self._seen: set[Change] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.looks = 0

    async def start(self) -> None:
        """Watch from here on."""
        hearing = self._notices.hear(self._heard, on_open=self._line_stands.set)
        self._tasks = [asyncio.create_task(hearing), asyncio.create_task(self._look_for_ever())]
        if self._broadcasts is not None:
            told = self._broadcasts.hear(lambda _, message: self._heard(message.decode(errors="replace")), on_open=self._line_stands.set)
            self._tasks.append(asyncio.create_task(told))

    async def stop(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _heard(self, payload: str) -> None:
        subject, _, which = payload.partition(" ")
        if subject == "tier" and len(which) <= TIER_CHARACTERS_MAX:
            self._lately.heard(which, here=self._clock.now())
            self._doorman.tier_changed(which)
        elif subject == "digest" and DIGEST.fullmatch(which):  # Anybody in the database may announce anything.
            self._lately.heard(bytes.fromhex(which), here=self._clock.now())
            self._doorman.changed(bytes.fromhex(which))

    async def _look_for_ever(self) -> None:
        looked_at, was_away = None, False
        while True:
            try:
                changes, looked_at = await self._keys.changes(looked_at, reach=self._lately.reach)
                is_whole = len(changes) < CHANGES_MAX
                self._lately.looked(changes, at=looked_at, here=self._clock.now(), is_whole=is_whole)
                self._tell_new(changes)
                self.looks += 1
                was_away = False
            except DependencyAway as error:
                if not was_away:
                    _log.warning("key changes not seen", error=error)
                was_away = True
            except Exception as error:
                # Without this loop a lost notice would never be made good; what went wrong once may go right the next time.
                _log.error("key changes not seen", error=error)
            await self._next_look()

    def _tell_new(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change in self._seen:
                continue
            if change.tier is not None:
                self._doorman.tier_changed(change.tier)
            elif change.digest is not None:
                self._doorman.changed(change.digest)
        self._seen = set(changes)

    async def _next_look(self) -> None:
        """Wait until it is time, or until a line stands again: what was announced before it did was not heard."""
        await pause(self._clock, self._every.value, until=self._line_stands)
        self._line_stands.clear()
