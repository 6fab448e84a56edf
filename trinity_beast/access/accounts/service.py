"""Accounts as access needs them: somebody who has several keys. What else an account is, is told elsewhere."""

from collections.abc import Sequence

from trinity_beast.access import store
from trinity_beast.access.errors import AccountUnknown
from trinity_beast.access.model import Account
from trinity_beast.access.service import expect_name
from trinity_beast.audit import Signature, sign
from trinity_beast.clock import Clock
from trinity_beast.randomness import SecretSource
from trinity_beast.storage import Database


class Accounts:
    """Opening accounts and finding them."""

    def __init__(self, database: Database, clock: Clock, secrets: SecretSource) -> None:
        self._database, self._clock, self._secrets = database, clock, secrets

    async def open(self, name: str, by: Signature) -> Account:
        """Make an account, which may have several keys.

        Raises:
            KeyNameInvalid: the name is empty, too long or not printable.
        """
        expect_name(name)
        async with self._database.transaction() as tx:
            await sign(tx, by)
            return await store.insert_account(tx, f"acct_{self._secrets.base62(16)}", name, self._clock.now())

    async def listing(self) -> Sequence[Account]:
        """Return every account, the oldest first."""
        async with self._database.transaction() as tx:
            return await store.all_accounts(tx)

    async def account_id_of(self, shown: str) -> int:
        """Return the number of the account shown as `shown`: its number or its public id.

        Raises:
            AccountUnknown: no such account.
        """
        async with self._database.transaction() as tx:
            account_id = await store.account_of(tx, shown)
        if account_id is None:
            raise AccountUnknown(account=shown)
        return account_id
