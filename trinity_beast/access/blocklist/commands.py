"""`beast blocklist`: block, lift and list from a shell, whether or not the node runs."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from trinity_beast.access.blocklist.model import Block
from trinity_beast.access.blocklist.service import Blocklist
from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.storage import Whereabouts, reached
from trinity_beast.web import AsJson, DataDir, Operator, Reason

T = TypeVar("T")
DURATION = re.compile(r"(\d{1,6})(s|m|h|d)")
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LISTED_MAX = 1_000

NetworkArgument = Annotated[str, typer.Argument(metavar="NETWORK", help="An address or a network: 203.0.113.7, 2001:db8::/32.")]


def blocklist_app(
    whereabouts: Callable[[Path | None], Whereabouts], clock: Clock, tell: Callable[[TrinityError], str] = str
) -> typer.Typer:
    """Return the `blocklist` verbs. `whereabouts` says where the node of a `--data-dir` (None: the default) keeps its data.

    `tell` puts a refusal into words.
    """
    app = typer.Typer(name="blocklist", help="Refuse addresses and networks, on every node.", no_args_is_help=True)
    talk = Console(stderr=True)

    @asynccontextmanager
    async def opened(data_dir: Path | None) -> AsyncIterator[Blocklist]:
        async with reached(whereabouts(data_dir), clock=clock) as (_, database):
            yield Blocklist(database, clock)

    def run(work: Callable[[Blocklist], Coroutine[None, None, T]], data_dir: Path | None) -> T:
        async def worked() -> T:
            async with opened(data_dir) as blocklist:
                return await work(blocklist)

        # Starting PostgreSQL for the moment takes a second; on a terminal, say what is being waited for.
        with _refusals_told(talk, tell), talk.status("Reaching the database"):
            return asyncio.run(worked())

    @app.command(epilog='Example: beast blocklist add 203.0.113.0/24 --reason "scraping" --for 24h')
    def add(
        network: NetworkArgument,
        *,
        reason: Reason,
        lasting: Annotated[str | None, typer.Option("--for", help="How long: 30m, 24h, 7d. Left out, until it is removed.")] = None,
        force: Annotated[bool, typer.Option("--force", help="Block it although it holds loopback.")] = False,
        operator: Operator = "operator",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Refuse an address or a network; running nodes do within a second, on open connections too."""
        seconds = None if lasting is None else _seconds(lasting)
        block = run(lambda blocklist: blocklist.block(network, reason=reason, by=operator, seconds=seconds, force=force), data_dir)
        if as_json:
            _print_json(_as_data(block, clock))
        talk.print(f"{block.network} is refused{'' if lasting is None else f' for {lasting}'}: {block.reason}", markup=False)

    @app.command(epilog="Example: beast blocklist remove 203.0.113.0/24")
    def remove(network: NetworkArgument, *, operator: Operator = "operator", data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """Let a network in again. Only a block of exactly this network is lifted."""
        block = run(lambda blocklist: blocklist.lift(network, by=operator), data_dir)
        if as_json:
            _print_json(_as_data(block, clock))
        talk.print(f"{block.network} is let in again.")

    @app.command(name="list", epilog="Example: beast blocklist list --ended --json")
    def listed(
        *,
        ended: Annotated[bool, typer.Option("--ended", help="Those too that have expired or were lifted.")] = False,
        limit: Annotated[int, typer.Option(min=1, max=LISTED_MAX, help="How many at most, the newest first.")] = 100,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """List what is blocked: why, by whom, until when."""
        page = run(lambda blocklist: blocklist.listing(ended=ended, limit=limit), data_dir)
        if as_json:
            _print_json([_as_data(block, clock) for block in page.blocks])
        elif page.blocks:
            Console(width=None if sys.stdout.isatty() else 160).print(_table(page.blocks, clock))
        else:
            talk.print("Nothing is blocked.")
        if page.next_before is not None:
            talk.print(f"There are more than {limit}; --limit shows more.")

    return app


@contextmanager
def _refusals_told(talk: Console, tell: Callable[[TrinityError], str]) -> Iterator[None]:
    try:
        yield
    except TrinityError as error:
        talk.print(tell(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _seconds(text: str) -> float:
    match = DURATION.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise typer.BadParameter(f"{text!r} is no duration; say 30m, 24h or 7d.")
    return float(int(match[1]) * SECONDS[match[2]])


def _print_json(data: object) -> None:
    sys.stdout.write(json.dumps(data, indent=2 if sys.stdout.isatty() else None) + "\n")


def _as_data(block: Block, clock: Clock) -> dict[str, object]:
    return {
        "block_id": block.block_id,
        "network": str(block.network),
        "state": block.state(clock.now()).value,
        "reason": block.reason,
        "blocked_by": block.blocked_by,
        "blocked_at": block.blocked_at.isoformat(),
        "expires_at": block.expires_at and block.expires_at.isoformat(),
        "lifted_by": block.lifted_by,
        "lifted_at": block.lifted_at and block.lifted_at.isoformat(),
    }


def _table(blocks: Sequence[Block], clock: Clock) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("network", "state", "reason", "by", "since", "until"):
        table.add_column(heading)
    for block in blocks:
        moments = [
            moment.strftime("%Y-%m-%d %H:%M") if moment else "lifted" for moment in (block.blocked_at, block.lifted_at or block.expires_at)
        ]
        table.add_row(str(block.network), block.state(clock.now()).value, block.reason, block.blocked_by, *moments)
    return table
