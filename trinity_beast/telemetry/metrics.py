"""The metrics of what tells the outside how the node fares."""

from trinity_beast.telemetry.metric import Kind, Metric

CLOUDWATCH_CALLS = Metric("cloudwatch_calls", "Calls made to CloudWatch.", unit="calls")
CLOUDWATCH_RETRIES = Metric(
    "cloudwatch_retries", "Those of them that were made once more because CloudWatch had not taken the figures.", unit="calls"
)
CLOUDWATCH_FIGURES = Metric(
    "cloudwatch_figures",
    "Figures by what became of them: sent, lost because too many waited, or uncertain because a call broke in the middle.",
    unit="figures",
    labels=("outcome",),
)
CLOUDWATCH_PENDING = Metric("cloudwatch_pending", "Calls' worth of figures that wait for CloudWatch.", Kind.GAUGE, unit="calls")
TRACE_SPANS = Metric(
    "trace_spans",
    "Spans by what became of them: told, untold because the collector did not take them, or dropped because too many waited.",
    unit="spans",
    labels=("outcome",),
)
TRACE_SPANS_WAITING = Metric("trace_spans_waiting", "Spans that have ended and were not told yet.", Kind.GAUGE, unit="spans")
