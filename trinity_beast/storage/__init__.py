"""How we reach PostgreSQL and the disk: one data folder, one database, one schema."""

from trinity_beast.storage.database import Database, Gauges
from trinity_beast.storage.embedded import EmbeddedPostgres
from trinity_beast.storage.errors import (
    DatabaseAddressInvalid,
    DataFolderBusy,
    DataFolderUnusable,
    DependencyAway,
    DiskNearlyFull,
    PostgresFailed,
    PostgresInUse,
    PostgresMissing,
    PostgresOtherMajor,
    SchemaBusy,
    SchemaNewer,
)
from trinity_beast.storage.folder import DataFolder
from trinity_beast.storage.launch import Surroundings
from trinity_beast.storage.metadata import metadata
from trinity_beast.storage.migrations import upgrade
from trinity_beast.storage.notices import Notices
from trinity_beast.storage.reach import Whereabouts, reached
from trinity_beast.storage.restarts import Restarts

__all__ = [
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
    "SchemaBusy",
    "SchemaNewer",
    "Surroundings",
    "Whereabouts",
    "metadata",
    "reached",
    "upgrade",
]
