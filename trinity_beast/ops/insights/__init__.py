"""What PostgreSQL tells of itself."""

from trinity_beast.ops.insights.service import Insights

__all__ = ["Insights"]
