"""How we reach PostgreSQL, Valkey and the disk: one data folder, one database, one schema, one shared cache."""

from trinity_beast.storage.addresses import address_for_libpq
from trinity_beast.storage.broadcasts import Broadcasts
from trinity_beast.storage.cache_address import CacheAddress, cache_address
from trinity_beast.storage.copying import copy_into, copy_out
from trinity_beast.storage.database import Database, Gauges
from trinity_beast.storage.embedded import EmbeddedPostgres
from trinity_beast.storage.errors import (
    CacheAddressInvalid,
    DatabaseAddressInvalid,
    DataFolderBusy,
    DataFolderUnusable,
    DependencyAway,
    DiskNearlyFull,
    PostgresFailed,
    PostgresInUse,
    PostgresMissing,
    PostgresOtherMajor,
    RowsRefused,
    SchemaBusy,
    SchemaNewer,
)
from trinity_beast.storage.fetching import fetched
from trinity_beast.storage.folder import DataFolder
from trinity_beast.storage.launch import Surroundings
from trinity_beast.storage.metadata import metadata
from trinity_beast.storage.migrations import upgrade
from trinity_beast.storage.notices import Notices
from trinity_beast.storage.reach import Whereabouts, reached
from trinity_beast.storage.restarts import Restarts
from trinity_beast.storage.retry_door import RetryDoor
from trinity_beast.storage.script import Call, Command, Script, Word
from trinity_beast.storage.valkey import Answer, CacheGauges, Valkey
from trinity_beast.storage.warm import WarmLines

__all__ = [
    "Answer",
    "Broadcasts",
    "CacheAddress",
    "CacheAddressInvalid",
    "CacheGauges",
    "Call",
    "Command",
    "DataFolder",
    "DataFolderBusy",
    "DataFolderUnusable",
    "Database",
    "DatabaseAddressInvalid",
    "DependencyAway",
    "DiskNearlyFull",
    "EmbeddedPostgres",
    "Gauges",
    "Notices",
    "PostgresFailed",
    "PostgresInUse",
    "PostgresMissing",
    "PostgresOtherMajor",
    "Restarts",
    "RetryDoor",
    "RowsRefused",
    "SchemaBusy",
    "SchemaNewer",
    "Script",
    "Surroundings",
    "Valkey",
    "WarmLines",
    "Whereabouts",
    "Word",
    "address_for_libpq",
    "cache_address",
    "copy_into",
    "copy_out",
    "fetched",
    "metadata",
    "reached",
    "upgrade",
]
