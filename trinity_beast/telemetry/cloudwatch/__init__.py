"""Figures of this node told to CloudWatch, where that is asked for."""

from trinity_beast.telemetry.cloudwatch.model import Account, PriceReading, ReportReading
from trinity_beast.telemetry.cloudwatch.prices import price_account
from trinity_beast.telemetry.cloudwatch.publisher import Publisher
from trinity_beast.telemetry.cloudwatch.reports import report_account

__all__ = ["Account", "PriceReading", "Publisher", "ReportReading", "price_account", "report_account"]
