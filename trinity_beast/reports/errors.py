"""What can be refused about reports."""

from trinity_beast.errors import TrinityError


class ReportInvalid(TrinityError):
    """A report was asked for with something that makes no sense; every mistake is named."""

    code, status = "REPORT_INVALID", 400


class CursorInvalid(TrinityError):
    """The cursor is none of ours, or belongs to a report that was asked for with other filters or by another key."""

    code, status = "CURSOR_INVALID", 400


class CursorExpired(TrinityError):
    """The report can no longer be gone on with as it began: it began too long ago, or a node that was away has stored what it held."""

    code, status = "CURSOR_EXPIRED", 410


class ReportQuotaSpent(TrinityError):
    """The key's reports of this month are used up. Pages of a report that was begun are still told."""

    code, status = "REPORT_QUOTA_SPENT", 429
