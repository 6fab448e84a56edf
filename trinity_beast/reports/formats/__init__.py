"""The four forms of a report: one writer each, given the head once and the rows some at a time."""

from trinity_beast.reports.formats.delimited import Delimited
from trinity_beast.reports.formats.objects import Envelope, Objects
from trinity_beast.reports.formats.text import Aligned
from trinity_beast.reports.formats.writing import RowWriter, head_told, told_time

__all__ = ["Aligned", "Delimited", "Envelope", "Objects", "RowWriter", "head_told", "told_time"]
