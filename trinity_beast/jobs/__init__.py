"""Work that is done by itself: at its times, once over all nodes, whatever dies."""

from trinity_beast.jobs.errors import JobUnknown
from trinity_beast.jobs.model import Job, JobStanding, LastRun
from trinity_beast.jobs.runner import Jobs

__all__ = ["Job", "JobStanding", "JobUnknown", "Jobs", "LastRun"]
