"""The runs of jobs, as operators see and ask for them."""

from trinity_beast.ops.runs.service import Runs

__all__ = ["Runs"]
