"""Keys that were found where they should not be, as those who scan for secrets report them."""

from trinity_beast.access.leaks.model import Finding, Label, Leak, Reporter
from trinity_beast.access.leaks.service import Leaks

__all__ = ["Finding", "Label", "Leak", "Leaks", "Reporter"]
