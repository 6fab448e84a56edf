"""What the store can refuse, and why."""

from trinity_beast.errors import TrinityError


class DependencyAway(TrinityError):
    """The database or the cache does not answer, refuses connections or is too slow. The same call may succeed later."""

    code, status = "DEPENDENCY_AWAY", 503


class DatabaseAddressInvalid(TrinityError):
    """`DATABASE_URL` is no PostgreSQL address. It looks like postgresql://user:password@host:5432/database."""

    code, status = "DATABASE_ADDRESS_INVALID", 500


class CacheAddressInvalid(TrinityError):
    """`CACHE_URL` is no address of a Valkey. It looks like valkey://user:password@host:6379/0."""

    code, status = "CACHE_ADDRESS_INVALID", 500


class SchemaNewer(TrinityError):
    """The database has been upgraded by a newer release than this one. Run that release, or restore the older database."""

    code, status = "SCHEMA_NEWER", 500


class SchemaBusy(TrinityError):
    """Another program has been upgrading this database for longer than we wait. Start again once it is done."""

    code, status = "SCHEMA_BUSY", 503


class DataFolderBusy(TrinityError):
    """Another program works in this data folder. Stop it, or give this one a folder of its own."""

    code, status = "DATA_FOLDER_BUSY", 500


class DataFolderUnusable(TrinityError):
    """The data folder cannot be made, read or written, or, where we run as root, not reached by the user PostgreSQL runs as."""

    code, status = "DATA_FOLDER_UNUSABLE", 500


class DiskNearlyFull(TrinityError):
    """Too little room is left on the disk to start PostgreSQL safely. Free some, or choose another data folder."""

    code, status = "DISK_NEARLY_FULL", 500


class PostgresMissing(TrinityError):
    """No PostgreSQL of version 15 or newer was found. Install one, name its bin folder, or give DATABASE_URL."""

    code, status = "POSTGRES_MISSING", 500


class PostgresOtherMajor(TrinityError):
    """The data folder was made by another major version of PostgreSQL than those installed here."""

    code, status = "POSTGRES_OTHER_MAJOR", 500


class PostgresInUse(TrinityError):
    """A PostgreSQL that we did not start runs on our cluster. It is left alone; stop it first."""

    code, status = "POSTGRES_IN_USE", 500


class PostgresFailed(TrinityError):
    """PostgreSQL did not start. The last lines of its log are among the facts."""

    code, status = "POSTGRES_FAILED", 500


class RowsRefused(TrinityError):
    """The database does not take rows that were copied to it. Facts: `table`, `reason`, `is_table_missing`."""

    code, status = "ROWS_REFUSED", 500


class ConsoleClosed(TrinityError):
    """The database does not let us make, or does not know, the lesser roles that statements of persons run as. Fact: `reason`."""

    code, status = "CONSOLE_CLOSED", 503


class SqlRefused(TrinityError):
    """The database does not carry out the statement: it is wrong, or fails on the rows there are. Facts: `reason`, `sqlstate`."""

    code, status = "SQL_REFUSED", 422


class SqlForbidden(TrinityError):
    """The statement asks for what its role may not do or see. Fact: `reason`."""

    code, status = "SQL_FORBIDDEN", 403


class SqlTooLong(TrinityError):
    """The statement took longer than it was given, or waited too long for a lock, and was ended. Fact: `seconds`."""

    code, status = "SQL_TOO_LONG", 503
