"""The metrics of reports."""

from trinity_beast.telemetry import Kind, Metric

REPORTS_TOLD = Metric(
    "reports_told", "Reports told, whole or in part, by which report and in which form.", unit="reports", labels=("report", "form")
)
REPORT_SECONDS = Metric(
    "report_seconds", "How long reports took, from the request to the end of the answer.", Kind.HISTOGRAM, unit="seconds"
)
