"""The consoles: what an operator asks of the database and the shared cache, in a role that cannot do harm, and kept in the trail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from trinity_beast.audit import Audit, Signature, signed_as
from trinity_beast.clock import Clock
from trinity_beast.ops.consoles.allowed import MEASURED_MOST, expect_allowed, shown
from trinity_beast.ops.consoles.confirmations import Confirmations
from trinity_beast.ops.consoles.errors import CacheCommandRefused, CacheNone, SqlNotOne
from trinity_beast.ops.consoles.statements import BUILDING, READING, WRITING, expect_verb, statements_of
from trinity_beast.storage import Argument, Bounds, Database, Lesser, LesserRoles, SqlAnswer, SqlConsole, Valkey

STATEMENTS_MAX = 100
KIND = "console"
NANOSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Told:
    """What a statement told, and how long it took."""

    answer: SqlAnswer
    milliseconds: float


@dataclass(frozen=True, slots=True)
class BatchTold:
    """What each statement of a batch did. With a token nothing was kept: the token has the same carried out."""

    done: Sequence[str]
    milliseconds: float
    token: str = ""


class SqlDesk:
    """`/admin/sql` and `/admin/sql-batch`. Each question is in the trail before it is asked, so none goes by unseen."""

    def __init__(self, database: Database, roles: LesserRoles, confirmations: Confirmations, clock: Clock) -> None:
        self._console, self._confirmations, self._clock = SqlConsole(roles), confirmations, clock
        self._audit = Audit(database)

    async def ask(self, text: str, arguments: Sequence[Argument], bounds: Bounds, *, may_write: bool, by: Signature) -> Told:
        """Carry out one statement: one that reads, or with `may_write` one that changes rows.

        Raises:
            SqlNotOne, SqlVerbRefused: it is not one statement, or not of a kind that has its place here.
            SqlRefused, SqlForbidden, SqlTooLong: the database refuses it; nothing was changed.
            ConsoleClosed, DependencyAway: it could not be asked.
        """
        statements = statements_of(text)
        if len(statements) != 1:
            raise SqlNotOne(statements=len(statements))
        statement = statements[0]
        expect_verb(statement, WRITING if may_write else READING, "`write`, or /admin/sql-batch for tables of your own")
        asked = {"statement": statement, "arguments": list(arguments)}
        await self._audit.keep(_acting(by, "written" if may_write else "read"), KIND, "sql", asked)
        began_ns = self._clock.monotonic_ns()
        if may_write:
            answer = await self._console.write(statement, arguments, bounds, signature=signed_as(by))
            await self._audit.keep(_acting(by, "done"), KIND, "sql", {"statement": statement, "done": answer.done})
        else:
            answer = await self._console.read(statement, arguments, bounds)
        return Told(answer, (self._clock.monotonic_ns() - began_ns) / NANOSECONDS)

    async def batch(self, statements: Sequence[str], bounds: Bounds, *, token: str, by: Signature) -> BatchTold:
        """Rehearse statements and give a token for them; with that token, carry them out in one transaction.

        Raises:
            ConfirmationWrong: the token is not one for exactly these statements.
            SqlNotOne, SqlVerbRefused, SqlRefused, SqlForbidden, SqlTooLong, ConsoleClosed, DependencyAway: as `ask`.
        """
        for each in statements:
            if len(statements_of(each)) != 1:
                raise SqlNotOne(statements=len(statements_of(each)))
            expect_verb(each, BUILDING, "a migration, where the shape of our own tables is to change")
        if token:
            self._confirmations.take(token, statements)
        asked = {"statements": list(statements)}
        await self._audit.keep(_acting(by, "confirmed" if token else "rehearsed"), KIND, "sql-batch", asked)
        began_ns = self._clock.monotonic_ns()
        answers = await self._console.build(statements, bounds, signature=signed_as(by), is_rehearsal=not token)
        milliseconds = (self._clock.monotonic_ns() - began_ns) / NANOSECONDS
        done = [answer.done for answer in answers]
        if not token:
            return BatchTold(done, milliseconds, self._confirmations.give(statements))
        await self._audit.keep(_acting(by, "done"), KIND, "sql-batch", {"done": done})
        return BatchTold(done, milliseconds)


class CacheDesk:
    """`/admin/valkey`: commands of a short list, none of which tells or touches what is secret."""

    def __init__(self, database: Database, cache: Valkey | None, clock: Clock) -> None:
        self._cache, self._clock = cache, clock
        self._audit = Audit(database)

    async def ask(self, command: Sequence[str], *, may_write: bool, by: Signature) -> tuple[Any, float]:
        """Carry out one command and return what it told, and how many milliseconds that took.

        Raises:
            CacheNone: this node has no shared cache.
            CacheCommandRefused, CacheKeyRefused: the command may not be asked, or not so.
            DependencyAway: the cache or the trail is away.
        """
        if self._cache is None:
            raise CacheNone
        name = command[0].upper()
        allowed = expect_allowed(command, may_change=may_write)
        await self._audit.keep(_acting(by, "written" if allowed.changes else "read"), KIND, "valkey", {"command": list(command)})
        began_ns = self._clock.monotonic_ns()
        if allowed.measure:
            size = await self._cache.do(allowed.measure, command[1])
            if isinstance(size, int) and size > MEASURED_MOST[allowed.measure]:
                raise CacheCommandRefused(command=name, reason=f"would tell {size:,} of them; use a SCAN, or ask for a part")
        answer = await self._cache.do(name, *command[1:])
        return shown(name, cast("Any", answer)), (self._clock.monotonic_ns() - began_ns) / NANOSECONDS


def _acting(by: Signature, action: str) -> Signature:
    return Signature(by.by, by.reason, action)


def passwords_of(derived: Callable[[str], bytes]) -> dict[Lesser, str]:
    """Return each lesser role's password, made of the server secret: the same on every node, and kept nowhere."""
    return {lesser: derived(f"the console's {lesser.value}").hex() for lesser in Lesser}
