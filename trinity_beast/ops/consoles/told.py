"""What the consoles are asked and what they tell, over HTTP and in `--json` alike."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trinity_beast.audit import Signature
from trinity_beast.ops.consoles.allowed import ARGUMENT_CHARACTERS_MAX, ARGUMENTS_MAX
from trinity_beast.ops.consoles.service import STATEMENTS_MAX, BatchTold, Told
from trinity_beast.storage import Argument, Bounds

STATEMENT_CHARACTERS_MAX = 20_000
ROWS_MAX = 10_000
SECONDS_MAX = 20
PRINTED = r"^[^\x00]*$"

Reason = Annotated[str, StringConstraints(max_length=500, pattern=PRINTED)]
Sql = Annotated[str, StringConstraints(min_length=1, max_length=STATEMENT_CHARACTERS_MAX, pattern=PRINTED)]
Bound = Annotated[str, StringConstraints(max_length=STATEMENT_CHARACTERS_MAX, pattern=PRINTED)]
Word = Annotated[str, StringConstraints(max_length=ARGUMENT_CHARACTERS_MAX, pattern=PRINTED)]


class Asked(BaseModel):
    """What every question has."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(default="", description="Why; kept in the trail.")

    def signed(self, who: object) -> Signature:
        """Return who asks."""
        return Signature(str(who), self.reason)


class AskSql(Asked):
    """One statement. `$1`, `$2` … in it stand for `arguments`, which are never a part of its text."""

    statement: Sql
    arguments: list[bool | int | float | Bound | None] = Field(default_factory=list, max_length=100)
    write: bool = Field(default=False, description="Let it change rows. Without, it runs as a role that cannot, and is rolled back.")
    rows_max: int = Field(default=1_000, ge=1, le=ROWS_MAX, description="What is beyond is cut off, and told so.")
    seconds: float = Field(default=10, ge=0.1, le=SECONDS_MAX, description="After so long it is ended.")

    def values(self) -> list[Argument]:
        """Return the arguments."""
        return list(self.arguments)

    def bounds(self) -> Bounds:
        """Return how much it may take."""
        return Bounds(seconds=self.seconds, rows_max=self.rows_max)


class AskBatch(Asked):
    """Statements for one transaction. Without `confirm` they are rehearsed, and a token is told; with it they are kept."""

    statements: list[Sql] = Field(min_length=1, max_length=STATEMENTS_MAX)
    confirm: str = Field(default="", max_length=64, pattern="^[0-9A-Za-z]*$", description="The token of the rehearsal.")
    seconds: float = Field(default=10, ge=0.1, le=SECONDS_MAX, description="After so long, each statement, it is ended.")


class AskValkey(Asked):
    """One command and its arguments, each by itself."""

    command: list[Word] = Field(min_length=1, max_length=ARGUMENTS_MAX + 1)
    write: bool = Field(default=False, description="Let it remove something.")


class SqlTold(BaseModel):
    """What a statement told. Numbers with a point, times and the like are told as PostgreSQL writes them."""

    columns: list[str]
    rows: list[list[Any]]
    is_cut: bool = Field(description="Whether there was more.")
    done: str = Field(description="What was done: `UPDATE 3`, `12 rows`.")
    milliseconds: float


class BatchAnswer(BaseModel):
    """What each statement did. `confirm` is the token that has the same carried out; null once it was."""

    is_kept: bool
    done: list[str]
    confirm: str | None
    milliseconds: float


class ValkeyTold(BaseModel):
    """What a command told: text, numbers, lists of them, or null."""

    answer: Any
    milliseconds: float


def sql_told(told: Told) -> SqlTold:
    """Return a statement's answer as it is told."""
    answer = told.answer
    rows = [list(row) for row in answer.rows]
    return SqlTold(
        columns=list(answer.columns), rows=rows, is_cut=answer.is_cut, done=answer.done, milliseconds=round(told.milliseconds, 3)
    )


def batch_told(told: BatchTold) -> BatchAnswer:
    """Return a batch's answer as it is told."""
    return BatchAnswer(is_kept=not told.token, done=list(told.done), confirm=told.token or None, milliseconds=round(told.milliseconds, 3))
