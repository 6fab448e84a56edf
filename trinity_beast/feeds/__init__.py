"""Live connections to exchanges, each described by a row of a table. Its face: rows in, trades out, and how it stands."""

from trinity_beast.feeds.auditing import Answered, Auditor, Audits
from trinity_beast.feeds.changes import CHANNEL, FeedChanges
from trinity_beast.feeds.discovering import Discovery, Syncer
from trinity_beast.feeds.editing import AssetEditor, Change, FeedEditor, MapFilter, WantedMapRow
from trinity_beast.feeds.feeds import Feeds
from trinity_beast.feeds.grammar import FeedRow, RowInvalid, parse_row
from trinity_beast.feeds.health import feed_states, feeds_probe
from trinity_beast.feeds.intake import Intake
from trinity_beast.feeds.model import FeedState, FeedStatus, MappedAsset, SymbolStatus
from trinity_beast.feeds.moment import Moment, Timekeeper
from trinity_beast.feeds.reach import any_reached
from trinity_beast.feeds.reading import Frame, FrameReader
from trinity_beast.feeds.rest import HttpOpener, Listings, Look, Looks, RestStatus, Urgency
from trinity_beast.feeds.samples import feed_samples
from trinity_beast.feeds.service import FeedTables, RawRow, read_tables
from trinity_beast.feeds.session import NOTHING, Said
from trinity_beast.feeds.trying import RestTrial, Trial

__all__ = [
    "CHANNEL",
    "NOTHING",
    "Answered",
    "AssetEditor",
    "Auditor",
    "Audits",
    "Change",
    "Discovery",
    "FeedChanges",
    "FeedEditor",
    "FeedRow",
    "FeedState",
    "FeedStatus",
    "FeedTables",
    "Feeds",
    "Frame",
    "FrameReader",
    "HttpOpener",
    "Intake",
    "Listings",
    "Look",
    "Looks",
    "MapFilter",
    "MappedAsset",
    "Moment",
    "RawRow",
    "RestStatus",
    "RestTrial",
    "RowInvalid",
    "Said",
    "SymbolStatus",
    "Syncer",
    "Timekeeper",
    "Trial",
    "Urgency",
    "WantedMapRow",
    "any_reached",
    "feed_samples",
    "feed_states",
    "feeds_probe",
    "parse_row",
    "read_tables",
]
