"""What one person needs to run it: the examination, backups, consoles, and how the program's own works fare."""

from trinity_beast.ops.backup import Maker
from trinity_beast.ops.cluster import ClusterView, Counting, Itself, Statistics, StatsPublisher, summed
from trinity_beast.ops.consoles import CacheDesk, Confirmations, SqlDesk, passwords_of
from trinity_beast.ops.daily import Daily, lines
from trinity_beast.ops.doctor import Listener, Premises, certificate_looks
from trinity_beast.ops.insights import Insights
from trinity_beast.ops.runs import Runs
from trinity_beast.ops.security import KnownOfIntruders, Security
from trinity_beast.ops.standing import Line, NodePorts
from trinity_beast.ops.syncing import Step, Sync, Synced, Tell
from trinity_beast.ops.verifying import Whom

__all__ = [
    "CacheDesk",
    "ClusterView",
    "Confirmations",
    "Counting",
    "Daily",
    "Insights",
    "Itself",
    "KnownOfIntruders",
    "Line",
    "Listener",
    "Maker",
    "NodePorts",
    "Premises",
    "Runs",
    "Security",
    "SqlDesk",
    "Statistics",
    "StatsPublisher",
    "Step",
    "Sync",
    "Synced",
    "Tell",
    "Whom",
    "certificate_looks",
    "lines",
    "passwords_of",
    "summed",
]
