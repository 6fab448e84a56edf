"""How long answers took: histograms that add up over threads, ways and nodes."""

from trinity_beast.telemetry.latency.encoding import decoded, encoded
from trinity_beast.telemetry.latency.histogram import Figures, Histogram, figures, merged
from trinity_beast.telemetry.latency.recorder import LatencyRecorder

__all__ = ["Figures", "Histogram", "LatencyRecorder", "decoded", "encoded", "figures", "merged"]
