"""What operations can refuse."""

from trinity_beast.errors import TrinityError


class StatementsUncounted(TrinityError):
    """Statements are not counted by this PostgreSQL, so there is nothing to begin anew: `pg_stat_statements` is not there."""

    code, status = "STATEMENTS_UNCOUNTED", 409
