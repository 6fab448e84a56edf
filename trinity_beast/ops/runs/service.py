"""What an operator does with jobs."""

from collections.abc import Sequence

from trinity_beast.audit import Signature, note
from trinity_beast.jobs import Jobs, JobStanding
from trinity_beast.storage import Database


class Runs:
    """How jobs stand, and asking for one."""

    def __init__(self, database: Database, jobs: Jobs) -> None:
        self._database, self._jobs = database, jobs

    async def standing(self) -> Sequence[JobStanding]:
        """Return how every job stands.

        Raises:
            DependencyAway: the database is away.
        """
        return await self._jobs.standing()

    async def ask(self, name: str, by: Signature) -> bool:
        """Have a job done soon, and note who asked. Whether it did not wait already.

        Raises:
            JobUnknown: there is no such job.
            DependencyAway: the database is away.
        """
        async with self._database.transaction() as tx:
            asked = await self._jobs.ask(name, tx=tx)
            await note(tx, by, "job", name, {"waited_already": not asked})
        return asked
