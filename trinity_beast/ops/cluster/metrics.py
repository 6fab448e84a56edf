"""The metrics of what nodes tell each other."""

from trinity_beast.telemetry import Kind, Metric

STATS_PUBLISHED = Metric("cluster_stats_published", "Times this node told the shared cache how it fares.", unit="times")
STATS_FAILURES = Metric("cluster_stats_failures", "Times the shared cache could not be told how this node fares.", unit="times")
NODES_KNOWN = Metric("cluster_nodes_known", "Nodes this node knows that have not stopped in order.", Kind.GAUGE, unit="nodes")
