"""`beast tiers`: look at tiers, change, add and remove them from a shell, whether or not the node runs."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from trinity_beast.access.asked import SaveTier
from trinity_beast.access.model import Tier
from trinity_beast.access.reaching import Reach, Store, Where, signed
from trinity_beast.access.shown import entries_table, tiers_table
from trinity_beast.access.tiers.service import SavedTier
from trinity_beast.access.told import entry_told, tier_told
from trinity_beast.audit import Entry
from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.randomness import SecretSource
from trinity_beast.web import AsJson, DataDir, Operator, Reason, print_json

TierArgument = Annotated[str, typer.Argument(metavar="TIER", help="The tier, as `beast tiers list` names it.")]
TierFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A tier as JSON, such as `beast tiers show` prints; - reads it from stdin.", allow_dash=True)
]


def tiers_app(
    where: Callable[[Path | None], Where], clock: Clock, secrets: SecretSource, tell: Callable[[TrinityError], str] = str
) -> typer.Typer:  # fmt: skip
    """Return the `tiers` verbs. `where` says where the node of a `--data-dir` keeps its data, `tell` puts a refusal into words."""
    app = typer.Typer(name="tiers", help="Look at tiers, change, add and remove them.", no_args_is_help=True)
    reach = Reach(where, clock, secrets, tell)
    _reading_verbs(app, reach)
    _changing_verbs(app, reach)
    return app


def _reading_verbs(app: typer.Typer, reach: Reach) -> None:
    @app.command(name="list", epilog="Example: beast tiers list")
    def listed(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """List every tier: its limits, its features, how long its keys are believed without a look."""

        async def work(store: Store) -> list[Tier]:
            return list(await store.tiers.listing())

        tiers = [tier_told(tier) for tier in reach.run(work, data_dir)]
        if as_json:
            print_json([tier.model_dump() for tier in tiers])
        else:
            reach.desk.table(tiers_table(tiers))

    @app.command(epilog="Example: beast tiers show pro > pro.json")
    def show(tier: TierArgument, *, data_dir: DataDir = None) -> None:
        """Print a tier as JSON, with its version: edit it, and give it to `save`."""
        told = tier_told(reach.run(lambda store: store.tiers.tier(tier), data_dir)).model_dump()
        told["expected_version"] = told.pop("version")
        sys.stdout.write(json.dumps(told, indent=2) + "\n")

    @app.command(epilog="Example: beast tiers history pro --json")
    def history(
        tier: TierArgument,
        *,
        limit: Annotated[int, typer.Option(min=1, max=200, help="How many changes at most.")] = 20,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """List a tier's changes, newest first: when, who, why, from what to what. A removed one has its history too."""

        async def work(store: Store) -> list[Entry]:
            return list(await store.tiers.history(tier, limit=limit))

        entries = [entry_told(entry) for entry in reach.run(work, data_dir)]
        if as_json:
            print_json([entry.model_dump() for entry in entries])
        elif entries:
            reach.desk.table(entries_table(entries))
        else:
            reach.desk.say(f"Nothing was ever changed of a tier called {tier}.")


def _changing_verbs(app: typer.Typer, reach: Reach) -> None:
    @app.command(epilog="Example: beast tiers save pro.json --reason 'more for the same money'")
    def save(
        file: TierFile, *, operator: Operator = "", reason: Reason = "", data_dir: DataDir = None, as_json: AsJson = False
    ) -> None:  # fmt: skip
        """Save a whole tier, new or changed. Its keys have it within a second, on every running node."""
        body = _body_of(file)

        async def work(store: Store) -> SavedTier:
            by = signed(operator, reason or body.reason)
            return await store.tiers.save(body.wanted(), by, expected_version=body.expected_version)

        saved = reach.run(work, data_dir)
        if as_json:
            print_json(tier_told(saved.tier).model_dump() | {"is_changed": saved.is_changed})
        became = f"is saved, version {saved.tier.version}" if saved.is_changed else "is as it was; nothing was changed"
        reach.desk.say(f"Tier {saved.tier.name} {became}.")

    @app.command(epilog="Example: beast tiers remove trial --reason 'never sold'")
    def remove(
        tier: TierArgument, *, operator: Operator = "", reason: Reason = "", data_dir: DataDir = None, as_json: AsJson = False
    ) -> None:  # fmt: skip
        """Remove a tier that no key has, ended ones included."""
        reach.run(lambda store: store.tiers.remove(tier, signed(operator, reason)), data_dir)
        if as_json:
            print_json({"tier": tier})
        reach.desk.say(f"Tier {tier} is removed.")


def _body_of(file: Path) -> SaveTier:
    try:
        return SaveTier.model_validate_json(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}" for each in error.errors(include_url=False))
        raise typer.BadParameter(f"{file}: {told}") from error
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{file}: {error}") from error
