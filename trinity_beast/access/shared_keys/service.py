"""Looking keys up in three layers: what the engine does not know is looked for in Valkey, then in PostgreSQL."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trinity_beast.access.admission import admission
from trinity_beast.access.digests import Digests
from trinity_beast.access.model import Grant, KeyFilter, KeyState, Refused
from trinity_beast.access.parameters import KEY_CACHE_WAIT_MS
from trinity_beast.access.service import Keys
from trinity_beast.access.shared_keys.lately import ChangedLately
from trinity_beast.access.shared_keys.sealed import SharedKey, opened, sealed
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import Command, DependencyAway, Valkey

CHANNEL = "beast:keys"
PREFIX = "apikey:"
WITHIN_SECONDS = 0.25
"""How long Valkey is waited for; past that the database is asked at once."""
REFRESHED_SECONDS = 86_400.0
REFRESHED_AT_ONCE = 1_000
WRITINGS_MAX = 64
"""How many writings are under way at once; past that what was looked up is not shared, and counted."""

_log = get_log("access")


@dataclass(slots=True)
class Tally:
    """What was looked for in Valkey since the start."""

    found: int = 0
    not_believed: int = 0
    missed: int = 0
    stood_in: int = 0
    """Keys let in by what Valkey held while the database was away."""
    not_shared: int = 0


class KeyBroadcast:
    """Tells every node over Valkey what was changed here. Away, they hear of it from the database, which tells it in any case."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    async def key_changed(self, digest: bytes) -> None:
        """Tell that a key was changed, and have Valkey forget what it holds of it."""
        await self._tell([("DEL", _name(digest)), ("PUBLISH", CHANNEL, f"digest {digest.hex()}")])

    async def tier_changed(self, tier: str) -> None:
        """Tell that a tier was changed."""
        await self._tell([("PUBLISH", CHANNEL, f"tier {tier}")])

    async def _tell(self, commands: Sequence[Command]) -> None:
        try:
            await self._valkey.pipeline(commands, within_seconds=WITHIN_SECONDS)
        except DependencyAway as error:
            _log.debug("change not told over the cache", error=str(error))


class SharedKeys:
    """Looks keys up for the doorman. What Valkey holds is believed only where it is sealed, young and from after the last change."""

    def __init__(
        self, keys: Keys, valkey: Valkey, digests: Digests, lately: ChangedLately, clock: Clock, *, readings: Readings | None = None
    ) -> None:
        self._wait_ms = (readings or Readings()).of(KEY_CACHE_WAIT_MS)
        self._keys, self._valkey, self._lately, self._clock = keys, valkey, lately, clock
        self._seal_secret = digests.derived("keys in the shared cache")
        self._writings: set[asyncio.Task[None]] = set()
        self.tally = Tally()

    async def resolve(self, digests: Collection[bytes]) -> Mapping[bytes, Grant | Refused]:
        """Tell for each digest what its key may do or why it is refused. One that cannot be told is left out.

        Raises:
            DependencyAway: none can be told: the database is away and Valkey knows none of them.
        """
        shared = await self._shared(digests)
        now = self._clock.now()
        told = {digest: each for digest, each in shared.items() if each.is_counted(now)}
        left = [digest for digest in digests if digest not in told]
        if left:
            try:
                looked_up, read_at = await self._keys.look_up(left)
            except DependencyAway:
                if not shared:
                    raise
                # A month's count that is some minutes old is better than a door that stays shut.
                self.tally.stood_in += len(shared) - len(told)
                return {digest: _admission(each, now) for digest, each in shared.items()}
            found = {digest: SharedKey(read_at, *both) for digest, both in looked_up.items()}
            self._share(found)
            told |= found
        return {digest: _admission(told.get(digest), now) for digest in digests}

    async def refresh(self) -> int:
        """Put every key that answers there as the database holds it now, sealed; return how many.

        It stays there a day, and is believed no longer than any other: its tier's lifetime from the look on.

        Raises:
            DependencyAway: the database or Valkey is away; some may have been put there.
        """
        after_id, refreshed = 0, 0
        while page := await self._keys.listing(KeyFilter(after_id=after_id, limit=REFRESHED_AT_ONCE)):
            after_id = page[-1].key_id
            now = self._clock.now()
            answering = [key.digest for key in page if key.state(now) in {KeyState.LIVE, KeyState.RETIRING}]
            if not answering:
                continue
            looked_up, read_at = await self._keys.look_up(answering)
            kept_ms = round(REFRESHED_SECONDS * 1_000)
            values = {digest: sealed(SharedKey(read_at, *both), self._seal_secret) for digest, both in looked_up.items()}
            if values:
                await self._valkey.pipeline([("SET", _name(digest), value, "PX", kept_ms) for digest, value in values.items()])
            refreshed += len(values)
        return refreshed

    async def stop(self) -> None:
        """Let what is being written end."""
        await asyncio.gather(*self._writings, return_exceptions=True)

    async def _shared(self, digests: Collection[bytes]) -> dict[bytes, SharedKey]:
        """Return what Valkey holds and may be believed."""
        wanted = list(digests)
        try:
            values = await self._valkey.get_many([_name(digest) for digest in wanted], within_seconds=self._wait_ms.value / 1_000)
        except DependencyAway:
            return {}
        now, found = self._clock.now(), {}
        for digest, value in zip(wanted, values, strict=True):
            if value is None:
                self.tally.missed += 1
                continue
            shared = opened(digest, value, self._seal_secret)
            if shared is not None and shared.is_kept(now) and self._lately.believes(shared):
                found[digest] = shared
                self.tally.found += 1
            else:
                self.tally.not_believed += 1
        return found

    def _share(self, found: Mapping[bytes, SharedKey]) -> None:
        if not found:
            return
        if len(self._writings) >= WRITINGS_MAX:
            self.tally.not_shared += len(found)
            return
        writing = asyncio.create_task(self._write(found))
        self._writings.add(writing)
        writing.add_done_callback(self._writings.discard)

    async def _write(self, found: Mapping[bytes, SharedKey]) -> None:
        commands = [
            ("SET", _name(digest), sealed(shared, self._seal_secret), "PX", _milliseconds_left(shared, self._clock.now()))
            for digest, shared in found.items()
        ]
        try:
            await self._valkey.pipeline(commands)
        except DependencyAway:
            self.tally.not_shared += len(found)


def _admission(shared: SharedKey | None, now: datetime) -> Grant | Refused:
    return admission(None, None, now=now) if shared is None else admission(shared.key, shared.tier, now=now)


def _name(digest: bytes) -> str:
    return f"{PREFIX}{digest.hex()}"


def _milliseconds_left(shared: SharedKey, now: datetime) -> int:
    return max(1, round((shared.read_at + shared.kept_for - now).total_seconds() * 1_000))
