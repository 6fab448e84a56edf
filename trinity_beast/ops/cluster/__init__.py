"""What the nodes tell each other of themselves, and all of them at a glance."""

from trinity_beast.ops.cluster.counting import Counting
from trinity_beast.ops.cluster.publishing import StatsPublisher
from trinity_beast.ops.cluster.service import ClusterView, summed
from trinity_beast.ops.cluster.statistics import Itself, Statistics

__all__ = ["ClusterView", "Counting", "Itself", "Statistics", "StatsPublisher", "summed"]
