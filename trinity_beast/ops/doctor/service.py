"""The examination of a machine: everything a node stands on is looked at, and nothing is changed."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from trinity_beast.access import nodes_alive
from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.feeds import read_tables
from trinity_beast.ops.doctor import judging, store
from trinity_beast.ops.doctor.certificates import certificate_looks
from trinity_beast.ops.doctor.machine import Machine
from trinity_beast.ops.doctor.model import Diagnosis, Listener, Standing
from trinity_beast.storage import (
    Database,
    DataFolder,
    DependencyAway,
    Valkey,
    Whereabouts,
    looked_into,
    schema_step,
)

OURS_ALONE = 0o077
START_THE_DATABASE = 'start PostgreSQL, or correct DATABASE_URL; `pg_isready -d "$DATABASE_URL"` asks it from here'
START_THE_CACHE = "start Valkey, or correct CACHE_URL; without CACHE_URL a node keeps to its own memory"


@dataclass(frozen=True, slots=True)
class Premises:
    """What a node is set to stand on."""

    whereabouts: Whereabouts
    listeners: Sequence[Listener]
    cache_url: str = field(default="", repr=False)


class Doctor:
    """Looks at everything a node stands on, one thing after the other. Each look is bounded; none changes anything."""

    def __init__(
        self, premises: Premises, clock: Clock, machine: Machine, *, tell: Callable[[TrinityError], str] = str
    ) -> None:  # fmt: skip
        self._premises, self._clock, self._machine, self._tell = premises, clock, machine, tell
        self._folder = DataFolder(premises.whereabouts.data_dir, clock)

    async def examine(self, note: Callable[[Diagnosis], None]) -> list[Diagnosis]:
        """Look at everything and return what was found; `note` is told each thing as it is found."""
        found: list[Diagnosis] = []

        def noted(diagnosis: Diagnosis) -> None:
            found.append(diagnosis)
            note(diagnosis)

        for diagnosis in self._machine_looks():
            noted(diagnosis)
        await self._look_at_database(noted)
        await self._look_at_cache(noted)
        return found

    def _machine_looks(self) -> Iterator[Diagnosis]:
        machine = self._machine
        yield judging.judge_python(machine.python_version())
        for name in judging.KERNEL:
            yield judging.judge_kernel(name, machine.kernel_number(name))
        yield judging.judge_files(machine.files_most())
        yield judging.judge_kept_clock(machine.clock_state())
        held_by = self._folder.held_by()
        for listener in self._premises.listeners:
            yield judging.judge_port(listener, machine.port_taken(listener), held_by=held_by)
        yield judging.judge_room(machine.room(self._folder.path), str(self._folder.path))
        yield self._folder_look()
        yield from certificate_looks(self._premises.whereabouts.database_url, self._premises.cache_url, self._clock.now())

    def _folder_look(self) -> Diagnosis:
        """Look whether the secrets are the owner's alone."""
        check, secrets = "data folder", self._folder.path / "secrets"
        if not secrets.exists():
            return Diagnosis(check, Standing.UNSEEN, f"{self._folder.path} is not there yet; the first start makes it")
        try:
            files = [secrets, *secrets.iterdir()]
            open_to_others = [path for path in files if path.stat().st_mode & OURS_ALONE]
        except OSError as error:
            return Diagnosis(check, Standing.WRONG, f"{secrets}: {error.strerror}", f"run as the owner of {self._folder.path}")
        if open_to_others:
            fix = f"chmod -R go-rwx {secrets}"
            return Diagnosis(check, Standing.WRONG, f"{open_to_others[0]} can be read by others", fix)
        return Diagnosis(check, Standing.GOOD, f"{self._folder.path}, its secrets readable by the owner alone")

    async def _look_at_database(self, note: Callable[[Diagnosis], None]) -> None:
        try:
            async with looked_into(self._premises.whereabouts, clock=self._clock) as database:
                if database is None:
                    note(Diagnosis("database", Standing.UNSEEN, "there is none yet; the first start makes it"))
                    return
                await self._look_into(database, note)
        except TrinityError as error:
            note(Diagnosis("database", Standing.WRONG, self._tell(error), START_THE_DATABASE if isinstance(error, DependencyAway) else ""))

    async def _look_into(self, database: Database, note: Callable[[Diagnosis], None]) -> None:
        await database.ping()  # So that what is timed is asking, not connecting.
        async with database.transaction() as tx:
            began_ns = self._clock.monotonic_ns()
            told = await store.store_told(tx)
            now, round_trip = self._clock.now(), _span(self._clock.monotonic_ns() - began_ns)
        note(judging.judge_postgres(told))
        note(judging.judge_offset("clock and database", now - round_trip / 2 - told.now, round_trip))
        step = await asyncio.to_thread(schema_step, database.url)
        schema = judging.judge_schema(step.found, step.newest, is_known=step.is_known)
        note(schema)
        if schema.standing is not Standing.GOOD:
            note(Diagnosis("feed table", Standing.UNSEEN, "not looked at: the schema is another"))
            return
        note(await _feed_look(database))
        note(judging.judge_names([(node.node_id, node.name) for node in await nodes_alive(database)]))

    async def _look_at_cache(self, note: Callable[[Diagnosis], None]) -> None:
        if not self._premises.cache_url:
            note(Diagnosis("Valkey", Standing.GOOD, "none is set (CACHE_URL); the node keeps to its own memory"))
            return
        cache: Valkey | None = None
        try:
            cache = Valkey(self._premises.cache_url, clock=self._clock)
            await cache.ping()
            began_ns = self._clock.monotonic_ns()
            theirs = datetime.fromtimestamp(await cache.time_ns() / 1e9, UTC)
            now, round_trip = self._clock.now(), _span(self._clock.monotonic_ns() - began_ns)
        except TrinityError as error:
            note(Diagnosis("Valkey", Standing.WRONG, f"{_reason(error) or self._tell(error)}", START_THE_CACHE))
            return
        finally:
            if cache is not None:
                await cache.close()
        note(Diagnosis("Valkey", Standing.GOOD, f"{cache.address} answers"))
        note(judging.judge_offset("clock and Valkey", now - round_trip / 2 - theirs, round_trip))


async def _feed_look(database: Database) -> Diagnosis:
    tables = await read_tables(database)
    invalid: Mapping[str, Sequence[str]] = {error.venue: [str(fault) for fault in error.faults] or ["?"] for error in tables.invalid}
    held = {row.venue for row in tables.asset_map if row.enabled and row.prewarm}
    unmapped = [str(row.venue) for row in tables.rows if row.enabled and row.venue not in held]
    return judging.judge_feeds(len(tables.rows), invalid, unmapped)


def _span(nanoseconds: int) -> timedelta:
    return timedelta(microseconds=nanoseconds / 1000)


def _reason(error: TrinityError) -> str:
    return f"it does not answer: {error.facts['reason']}" if isinstance(error, DependencyAway) and "reason" in error.facts else ""
