"""Which keys ask most, as it happens."""

from trinity_beast.access.busiest.service import Busiest, BusyKey, Window

__all__ = ["Busiest", "BusyKey", "Window"]
