"""`beast keys`: issue, list, revoke and rotate keys from a shell, whether or not the node runs."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from trinity_beast.access.errors import KeyUnknown
from trinity_beast.access.first_keys import server_digests
from trinity_beast.access.model import IssuedKey, Key, Kind
from trinity_beast.access.service import Keys
from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.randomness import SecretSource
from trinity_beast.storage import Whereabouts, reached

T = TypeVar("T")
DURATION = re.compile(r"(\d{1,6})(s|m|h|d)")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
DataDir = Annotated[Path | None, typer.Option(help="The node's data folder. Default: BEAST_DATA_DIR, or ./data.")]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="The key's number or its public id, as `beast keys list` shows them.")]


def keys_app(
    whereabouts: Callable[[Path | None], Whereabouts], clock: Clock, secrets: SecretSource, tell: Callable[[TrinityError], str] = str
) -> typer.Typer:
    """Return the `keys` verbs. `whereabouts` says where the node of a `--data-dir` (None: the default) keeps its data.

    `tell` puts a refusal into words.
    """
    app = typer.Typer(name="keys", help="Issue, list, revoke and rotate API keys.", no_args_is_help=True)
    talk = Console(stderr=True)

    @asynccontextmanager
    async def opened(data_dir: Path | None) -> AsyncIterator[Keys]:
        async with reached(whereabouts(data_dir), clock=clock) as (folder, database):
            yield Keys(database, server_digests(folder, secrets), clock, secrets)

    def run(work: Callable[[Keys], Coroutine[None, None, T]], data_dir: Path | None) -> T:
        async def worked() -> T:
            async with opened(data_dir) as keys:
                return await work(keys)

        # Starting PostgreSQL for the moment takes a second; on a terminal, say what is being waited for.
        with _refusals_told(talk, tell), talk.status("Reaching the database"):
            return asyncio.run(worked())

    @app.command(epilog='Example: beast keys issue --tier pro --name "price page" --expires 90d')
    def issue(
        *,
        tier: Annotated[str, typer.Option(help="demo, free, pro, enterprise, unlimited, lifetime, partner or internal.")],
        name: Annotated[str, typer.Option(help="What the key is for, as it will be listed.")],
        kind: Annotated[Kind, typer.Option(help="live, test, or url for a key that may stand in an address.")] = Kind.LIVE,
        expires: Annotated[str | None, typer.Option(help="When it ends: 90d, 12h, or a date such as 2027-01-31.")] = None,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Make a key and print its secret, once: it is stored nowhere."""
        expires_at = None if expires is None else _moment(expires, clock.now())
        issued = run(lambda keys: keys.issue(tier, name, kind=kind, expires_at=expires_at), data_dir)
        _print_issued(issued, clock.now(), as_json=as_json, talk=talk)

    @app.command(name="list", epilog="Example: beast keys list --json")
    def listed(data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """List every key, ended ones too. Secrets are not kept and cannot be shown."""
        keys = run(lambda keys: keys.listing(), data_dir)
        now = clock.now()
        if as_json:
            _print_json([_as_data(key, now) for key in keys])
        elif keys:
            Console(width=None if sys.stdout.isatty() else 160).print(_table(keys, now))
        else:
            talk.print("There are no keys yet. Make one: beast keys issue --tier free --name mine")

    @app.command(epilog="Example: beast keys revoke 7")
    def revoke(key: KeyArgument, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """End a key at once; running nodes refuse it within a second."""

        async def work(keys: Keys) -> Key:
            return await keys.revoke(await _key_id(keys, key))

        revoked = run(work, data_dir)
        if as_json:
            _print_json(_as_data(revoked, clock.now()))
        talk.print(f"Key {revoked.key_id} ({revoked.name}) is revoked.")

    @app.command(epilog="Example: beast keys rotate 7 --overlap 24h")
    def rotate(
        key: KeyArgument,
        overlap: Annotated[str, typer.Option(help="How long the old key keeps answering: 0s, 30m, 24h, 7d.")] = "24h",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Replace a key by a new one and print its secret, once. The old one keeps answering for the overlap."""
        kept_for = _duration(overlap)

        async def work(keys: Keys) -> IssuedKey:
            return await keys.rotate(await _key_id(keys, key), overlap=kept_for)

        _print_issued(run(work, data_dir), clock.now(), as_json=as_json, talk=talk)
        talk.print(f"The old key answers for another {overlap}.")

    return app


@contextmanager
def _refusals_told(talk: Console, tell: Callable[[TrinityError], str]) -> Iterator[None]:
    try:
        yield
    except TrinityError as error:
        talk.print(tell(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


async def _key_id(keys: Keys, shown: str) -> int:
    if not shown.isascii() or not shown.isdigit():
        return await keys.key_id_of(shown)
    if int(shown) >= 2**31:
        raise KeyUnknown(key_id=int(shown))
    return int(shown)


def _duration(text: str) -> timedelta:
    match = DURATION.fullmatch(text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no duration; say 30m, 24h or 7d.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def _moment(text: str, now: datetime) -> datetime:
    if DURATION.fullmatch(text):
        return now + _duration(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; say 90d, 2027-01-31 or 2027-01-31T12:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _print_issued(issued: IssuedKey, now: datetime, *, as_json: bool, talk: Console) -> None:
    if as_json:
        _print_json(_as_data(issued.key, now) | {"secret": issued.secret})
    else:
        sys.stdout.write(f"{issued.secret}\n")
    talk.print(f"Key {issued.key.key_id} ({issued.key.tier}): keep the secret now, it cannot be shown again.")


def _print_json(data: object) -> None:
    sys.stdout.write(json.dumps(data, indent=2 if sys.stdout.isatty() else None) + "\n")


def _as_data(key: Key, now: datetime) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "public_id": key.public_id,
        "kind": key.kind.value,
        "tier": key.tier,
        "name": key.name,
        "state": key.state(now).value,
        "created_at": key.created_at.isoformat(),
        "ends_at": key.ends_at and key.ends_at.isoformat(),
        "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
        "last_used_at": key.last_used_at and key.last_used_at.isoformat(),
        "successor_id": key.successor_id,
    }


def _table(keys: Sequence[Key], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("key", "public id", "kind", "tier", "name", "state", "created", "ends", "last used"):
        table.add_column(heading)
    for key in keys:
        moments = [moment.strftime("%Y-%m-%d %H:%M") if moment else "-" for moment in (key.created_at, key.ends_at, key.last_used_at)]
        table.add_row(str(key.key_id), key.public_id, key.kind.value, key.tier, key.name, key.state(now).value, *moments)
    return table
