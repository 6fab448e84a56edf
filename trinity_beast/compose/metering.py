"""The metering of a node: what its engine has recorded goes to the database."""

from trinity_beast.compose.ground import Ground
from trinity_beast.parts import Part, Step
from trinity_beast.storage import Database
from trinity_beast.usage import Shipper, Waiting, Writer

STATEMENT_SECONDS, TRANSACTION_SECONDS = 60.0, 90.0
"""Storing a batch takes longer than what a person waits for, above all on a database that is catching up."""


def metering_parts(on: Ground) -> list[Part]:
    """Return what stores the spool, in the order it starts. Its connections are its own: a backlog must not keep a key waiting."""
    database = Database(on.database.url, connections_max=4, statement_seconds=STATEMENT_SECONDS, transaction_seconds=TRANSACTION_SECONDS)
    shipper = Shipper(Waiting(on.folder.spool), Writer(database), clock=on.clock, dice=on.dice, readings=on.readings)
    return [Step("metering database", down=database.close), shipper]
