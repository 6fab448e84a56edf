"""How we reach PostgreSQL, Valkey and the disk: one data folder, one database, one schema, one shared cache."""

from trinity_beast.storage.addresses import address_for_libpq, certificate_files
from trinity_beast.storage.broadcasts import Broadcasts
from trinity_beast.storage.cache_address import CacheAddress, cache_address
from trinity_beast.storage.console import Argument, Bounds, SqlAnswer, SqlConsole
from trinity_beast.storage.copying import copy_into
from trinity_beast.storage.database import Database, Gauges
from trinity_beast.storage.embedded import EmbeddedPostgres
from trinity_beast.storage.errors import (
    CacheAddressInvalid,
    ConsoleClosed,
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
    SqlForbidden,
    SqlRefused,
    SqlTooLong,
)
from trinity_beast.storage.fetching import fetched
from trinity_beast.storage.folder import DataFolder
from trinity_beast.storage.launch import Surroundings
from trinity_beast.storage.lesser import Lesser, LesserRoles
from trinity_beast.storage.metadata import HISTORY, SECRET, OpenTable, metadata, open_tables
from trinity_beast.storage.migrations import SchemaStep, schema_step, upgrade
from trinity_beast.storage.notices import Notices
from trinity_beast.storage.reach import Whereabouts, looked_into, reached
from trinity_beast.storage.restarts import Restarts
from trinity_beast.storage.retry_door import RetryDoor
from trinity_beast.storage.script import Call, Command, Script, Word
from trinity_beast.storage.tools import bin_dir_for, libpq_environment, postgres_tool
from trinity_beast.storage.valkey import Answer, CacheGauges, Valkey
from trinity_beast.storage.warm import WarmLines

__all__ = [
    "HISTORY",
    "SECRET",
    "Answer",
    "Argument",
    "Bounds",
    "Broadcasts",
    "CacheAddress",
    "CacheAddressInvalid",
    "CacheGauges",
    "Call",
    "Command",
    "ConsoleClosed",
    "DataFolder",
    "DataFolderBusy",
    "DataFolderUnusable",
    "Database",
    "DatabaseAddressInvalid",
    "DependencyAway",
    "DiskNearlyFull",
    "EmbeddedPostgres",
    "Gauges",
    "Lesser",
    "LesserRoles",
    "Notices",
    "OpenTable",
    "PostgresFailed",
    "PostgresInUse",
    "PostgresMissing",
    "PostgresOtherMajor",
    "Restarts",
    "RetryDoor",
    "RowsRefused",
    "SchemaBusy",
    "SchemaNewer",
    "SchemaStep",
    "Script",
    "SqlAnswer",
    "SqlConsole",
    "SqlForbidden",
    "SqlRefused",
    "SqlTooLong",
    "Surroundings",
    "Valkey",
    "WarmLines",
    "Whereabouts",
    "Word",
    "address_for_libpq",
    "bin_dir_for",
    "cache_address",
    "certificate_files",
    "copy_into",
    "fetched",
    "libpq_environment",
    "looked_into",
    "metadata",
    "open_tables",
    "postgres_tool",
    "reached",
    "schema_step",
    "upgrade",
]
