"""Reports: what a key's owner, or an operator, is told of the use of keys."""

from trinity_beast.reports.askers import Askers
from trinity_beast.reports.datagrams import Compact, Datagrams
from trinity_beast.reports.errors import CursorExpired, CursorInvalid, ReportInvalid, ReportQuotaSpent
from trinity_beast.reports.mirror import ReportMirror
from trinity_beast.reports.model import Asker, Kind
from trinity_beast.reports.service import Reports, Telling, Way
from trinity_beast.reports.tallies import ReportTallies
from trinity_beast.reports.turnstile import Turnstile
from trinity_beast.reports.uses import Uses

__all__ = [
    "Asker",
    "Askers",
    "Compact",
    "CursorExpired",
    "CursorInvalid",
    "Datagrams",
    "Kind",
    "ReportInvalid",
    "ReportMirror",
    "ReportQuotaSpent",
    "ReportTallies",
    "Reports",
    "Telling",
    "Turnstile",
    "Uses",
    "Way",
]
