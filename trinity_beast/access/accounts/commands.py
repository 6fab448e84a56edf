"""`beast accounts`: open accounts and list them from a shell, whether or not the node runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from trinity_beast.access.model import Account
from trinity_beast.access.reaching import Reach, Store, Where, signed
from trinity_beast.access.shown import accounts_table
from trinity_beast.access.told import account_told
from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.randomness import SecretSource
from trinity_beast.web import AsJson, DataDir, Operator, print_json


def accounts_app(
    where: Callable[[Path | None], Where], clock: Clock, secrets: SecretSource, tell: Callable[[TrinityError], str] = str
) -> typer.Typer:  # fmt: skip
    """Return the `accounts` verbs. `where` says where the node of a `--data-dir` keeps its data, `tell` puts a refusal into words."""
    app = typer.Typer(name="accounts", help="Open accounts, which may have several keys, and list them.", no_args_is_help=True)
    reach = Reach(where, clock, secrets, tell)

    @app.command(name="open", epilog='Example: beast accounts open --name "Ada\'s price page"')
    def opened(
        *,
        name: Annotated[str, typer.Option(help="Whose it is, as it will be listed.")],
        operator: Operator = "",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Open an account and print its public id: give it to `beast keys issue --account`."""
        account = account_told(reach.run(lambda store: store.accounts.open(name, signed(operator, "")), data_dir))
        if as_json:
            print_json(account.model_dump())
        else:
            reach.desk.table(accounts_table([account]))

    @app.command(name="list", epilog="Example: beast accounts list --json")
    def listed(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """List every account and how many keys it has."""

        async def work(store: Store) -> list[Account]:
            return list(await store.accounts.listing())

        accounts = [account_told(account) for account in reach.run(work, data_dir)]
        if as_json:
            print_json([account.model_dump() for account in accounts])
        elif accounts:
            reach.desk.table(accounts_table(accounts))
        else:
            reach.desk.say("There are no accounts yet. Open one: beast accounts open --name mine")

    return app
