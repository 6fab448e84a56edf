"""The language of feed rows: what a row may say, read strictly, refused with the column and the character."""

from trinity_beast.feeds.grammar.errors import Fault, GrammarFault, RowInvalid
from trinity_beast.feeds.grammar.rendering import rendered
from trinity_beast.feeds.grammar.row import COLUMNS, FeedRow, FrameCodec, parse_row

__all__ = ["COLUMNS", "Fault", "FeedRow", "FrameCodec", "GrammarFault", "RowInvalid", "parse_row", "rendered"]
