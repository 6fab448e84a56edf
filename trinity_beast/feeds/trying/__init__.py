"""A changed feed row put to the test beside the running feed: over recorded frames, then over a connection of its own."""

from trinity_beast.feeds.trying.model import Flaw, FlawKind, Known, SymbolTried, TryReport
from trinity_beast.feeds.trying.rest_trial import RestTrial
from trinity_beast.feeds.trying.trial import Market, Trial

__all__ = ["Flaw", "FlawKind", "Known", "Market", "RestTrial", "SymbolTried", "Trial", "TryReport"]
