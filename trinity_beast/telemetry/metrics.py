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
