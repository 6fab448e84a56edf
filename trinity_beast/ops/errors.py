"""What operations can refuse."""

from trinity_beast.errors import TrinityError


class StatementsUncounted(TrinityError):
    """Statements are not counted by this PostgreSQL, so there is nothing to begin anew: `pg_stat_statements` is not there."""

    code, status = "STATEMENTS_UNCOUNTED", 409


class SyncRunning(TrinityError):
    """The shared cache is being brought into step by another process just now; one at a time."""

    code, status = "SYNC_RUNNING", 409


class DashboardUnknown(TrinityError):
    """No daily dashboard is kept that was made by then: they are kept for a day, and one is made every hour."""

    code, status = "DASHBOARD_UNKNOWN", 404
