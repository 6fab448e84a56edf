"""Events of keys that near the end of their month, each noted once, for mail and push to deliver."""

from trinity_beast.access.alerts.model import PERCENTS, AlertFilter, ListedAlert, QuotaAlert
from trinity_beast.access.alerts.service import QuotaAlerts
from trinity_beast.access.alerts.store import note_alerts

__all__ = ["PERCENTS", "AlertFilter", "ListedAlert", "QuotaAlert", "QuotaAlerts", "note_alerts"]
