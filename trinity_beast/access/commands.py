"""`beast keys`: issue, list, restrict, rotate and revoke keys from a shell, whether or not the node runs."""

import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from trinity_beast.access.model import IssuedKey, Key, KeyFilter, Kind, OnLeak
from trinity_beast.access.reaching import Reach, Store, Where, duration_of, moment_of, signed
from trinity_beast.access.restrictions import Restrictions, Scope
from trinity_beast.access.service import Wanted
from trinity_beast.access.shown import entries_table, key_table, keys_table
from trinity_beast.access.told import entry_told, issued_told, key_told
from trinity_beast.audit import Entry, Sought
from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.randomness import SecretSource
from trinity_beast.web import AsJson, DataDir, Operator, Reason, print_json

T = TypeVar("T")

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="The key's number or its public id, as `beast keys list` shows them.")]
Rate = Annotated[str | None, typer.Option(metavar="NUMBER", help="Requests a second, below the tier's.")]
Burst = Annotated[int | None, typer.Option(help="Requests at once, below the tier's.")]
Quota = Annotated[int | None, typer.Option(help="Requests a month, below the tier's.")]
Scopes = Annotated[list[Scope] | None, typer.Option("--scope", help="What it is for; again for more. Default: all its tier includes.")]
Networks = Annotated[list[str] | None, typer.Option("--network", help="Where it may be used from, such as 192.0.2.0/24; again for more.")]
Origins = Annotated[
    list[str] | None, typer.Option("--origin", help="Whose pages may use it, such as https://*.example.org; again for more.")
]


def keys_app(
    where: Callable[[Path | None], Where], clock: Clock, secrets: SecretSource, tell: Callable[[TrinityError], str] = str
) -> typer.Typer:  # fmt: skip
    """Return the `keys` verbs. `where` says where the node of a `--data-dir` (None: the default) keeps its data.

    `tell` puts a refusal into words.
    """
    app = typer.Typer(name="keys", help="Issue, list, restrict, revoke and rotate API keys.", no_args_is_help=True)
    reach = Reach(where, clock, secrets, tell)
    _making_verbs(app, reach)
    _reading_verbs(app, reach)
    _restricting_verbs(app, reach)
    _ending_verbs(app, reach)
    return app


def _making_verbs(app: typer.Typer, reach: Reach) -> None:
    @app.command(epilog='Example: beast keys issue --tier pro --name "price page" --expires 90d --network 192.0.2.0/24')
    def issue(
        *,
        tier: Annotated[str, typer.Option(help="demo, free, pro, enterprise, unlimited, lifetime, partner, internal, or one of yours.")],
        name: Annotated[str, typer.Option(help="What the key is for, as it will be listed.")],
        kind: Annotated[Kind, typer.Option(help="live, test, or url for a key that may stand in an address.")] = Kind.LIVE,
        expires: Annotated[str | None, typer.Option(help="When it ends: 90d, 12h, or a date such as 2027-01-31.")] = None,
        account: Annotated[str, typer.Option(help="Whose it is, as `beast accounts list` shows it.")] = "",
        rate: Rate = None,
        burst: Burst = None,
        quota: Quota = None,
        scopes: Scopes = None,
        networks: Networks = None,
        origins: Origins = None,
        on_leak: Annotated[OnLeak, typer.Option(help="What becomes of it when it is found where it should not be.")] = OnLeak.REVOKE,
        operator: Operator = "",
        reason: Reason = "",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Make a key and print its secret, once: it is stored nowhere."""
        expires_at = None if expires is None else _read(lambda: moment_of(expires, reach.clock.now()))
        own = _restrictions(rate, burst, quota, scopes, networks, origins)
        wanted = Wanted(tier, name, kind, expires_at, account, own, on_leak)
        _print_issued(reach.run(lambda store: store.keys.make(wanted, signed(operator, reason)), data_dir), reach, as_json=as_json)

    @app.command(epilog="Example: beast keys rotate 7 --overlap 24h")
    def rotate(
        key: KeyArgument,
        *,
        overlap: Annotated[str, typer.Option(help="How long the old key keeps answering: 0s, 30m, 24h, 7d.")] = "24h",
        operator: Operator = "",
        reason: Reason = "",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Replace a key by a new one and print its secret, once. The old one keeps answering for the overlap."""
        kept_for = _read(lambda: duration_of(overlap))

        async def work(store: Store) -> IssuedKey:
            return await store.keys.rotate(await store.keys.named(key), overlap=kept_for, by=signed(operator, reason))

        _print_issued(reach.run(work, data_dir), reach, as_json=as_json)
        reach.desk.say(f"The old key answers for another {overlap}.")


def _reading_verbs(app: typer.Typer, reach: Reach) -> None:
    @app.command(name="list", epilog="Example: beast keys list --tier pro --json")
    def listed(
        *,
        account: Annotated[str, typer.Option(help="Only this account's.")] = "",
        tier: Annotated[str, typer.Option(help="Only this tier's.")] = "",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """List every key, ended ones too. Secrets are not kept and cannot be shown."""

        async def work(store: Store) -> list[Key]:
            account_id = await store.accounts.account_id_of(account) if account else None
            return list(await store.keys.listing(KeyFilter(account_id, tier)))

        now = reach.clock.now()
        keys = [key_told(key, now) for key in reach.run(work, data_dir)]
        if as_json:
            print_json([key.model_dump() for key in keys])
        elif keys:
            reach.desk.table(keys_table(keys))
        elif account or tier:
            reach.desk.say("No key is like that.")
        else:
            reach.desk.say("There are no keys yet. Make one: beast keys issue --tier free --name mine")

    @app.command(epilog="Example: beast keys show 7")
    def show(key: KeyArgument, *, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """Tell everything about one key. Its secret is not kept and cannot be shown."""

        async def work(store: Store) -> Key:
            return await store.keys.key(await store.keys.named(key))

        _print_key(reach.run(work, data_dir), reach, as_json=as_json)

    @app.command(epilog="Example: beast keys audit --kind key --subject key_Xb3… --limit 5")
    def audit(
        *,
        kind: Annotated[str, typer.Option(help="Only changes of this kind: key, tier, account, leak_reporter.")] = "",
        subject: Annotated[str, typer.Option(help="Only changes of this one: a key's public id, a tier's name.")] = "",
        limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many at most.")] = 20,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Tell who changed what, the newest change first: when, why, and what differed."""

        async def work(store: Store) -> list[Entry]:
            return list(await store.audit.entries(Sought(kind, subject, None, limit)))

        entries = [entry_told(entry) for entry in reach.run(work, data_dir)]
        if as_json:
            print_json([entry.model_dump() for entry in entries])
        elif entries:
            reach.desk.table(entries_table(entries))
        else:
            reach.desk.say("Nothing like that was changed.")


def _restricting_verbs(app: typer.Typer, reach: Reach) -> None:
    @app.command(epilog="Example: beast keys restrict 7 --rate 5 --network 192.0.2.0/24 --scope prices")
    def restrict(
        key: KeyArgument,
        *,
        rate: Rate = None,
        burst: Burst = None,
        quota: Quota = None,
        scopes: Scopes = None,
        networks: Networks = None,
        origins: Origins = None,
        on_leak: Annotated[OnLeak | None, typer.Option(help="What becomes of it when it is found where it should not be.")] = None,
        operator: Operator = "",
        reason: Reason = "",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Keep a key to these limits, uses, networks and origins and no others. Named without any, it is free of all of them."""
        own = _restrictions(rate, burst, quota, scopes, networks, origins)

        async def work(store: Store) -> Key:
            key_id = await store.keys.named(key)
            return await store.keys.restrict(key_id, own, on_leak=on_leak, by=signed(operator, reason))

        _print_key(reach.run(work, data_dir), reach, as_json=as_json)
        reach.desk.say("It holds on every running node within a second.")


def _ending_verbs(app: typer.Typer, reach: Reach) -> None:
    @app.command(epilog="Example: beast keys revoke 7 --reason 'found in a public repository'")
    def revoke(
        key: KeyArgument, *, operator: Operator = "", reason: Reason = "", data_dir: DataDir = None, as_json: AsJson = False
    ) -> None:  # fmt: skip
        """End a key at once; running nodes refuse it within a second."""

        async def work(store: Store) -> Key:
            return await store.keys.revoke(await store.keys.named(key), by=signed(operator, reason))

        revoked = reach.run(work, data_dir)
        if as_json:
            print_json(key_told(revoked, reach.clock.now()).model_dump())
        reach.desk.say(f"Key {revoked.key_id} ({revoked.name}) is revoked.")


def _restrictions(  # noqa: PLR0917 - Each as the shell has it, in the order of the options.
    rate: str | None,
    burst: int | None,
    quota: int | None,
    scopes: list[Scope] | None,
    networks: list[str] | None,
    origins: list[str] | None,
) -> Restrictions:
    return Restrictions(
        None if rate is None else _read(lambda: _decimal(rate)),
        burst,
        quota,
        frozenset(scopes) if scopes else None,
        tuple(networks or ()),
        tuple(origins or ()),
    )


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number.") from None
    if not number.is_finite():
        raise ValueError(f"{text!r} is no number.")
    return number


def _read(reading: Callable[[], T]) -> T:
    """Return what was read of the command line, or leave with status 2."""
    try:
        return reading()
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error)) from error


def _print_issued(issued: IssuedKey, reach: Reach, *, as_json: bool) -> None:
    if as_json:
        print_json(_told(issued, reach.clock.now()))
    else:
        sys.stdout.write(f"{issued.secret}\n")
    reach.desk.say(f"Key {issued.key.key_id} ({issued.key.tier}): keep the secret now, it cannot be shown again.")


def _told(issued: IssuedKey, now: datetime) -> dict[str, object]:
    return issued_told(issued, now).model_dump()


def _print_key(key: Key, reach: Reach, *, as_json: bool) -> None:
    told = key_told(key, reach.clock.now())
    if as_json:
        print_json(told.model_dump())
    else:
        reach.desk.table(key_table(told))
