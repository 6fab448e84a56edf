"""Changing the feeds' tables while they are in use: checked, tried, kept with who and why, and undone in one call."""

from trinity_beast.feeds.editing.assets import AssetEditor
from trinity_beast.feeds.editing.model import Change, FeedListing, MapFilter, MapPage, MapRow, StoredFeed, Version, WantedMapRow
from trinity_beast.feeds.editing.service import FeedEditor, Saved

__all__ = [
    "AssetEditor",
    "Change",
    "FeedEditor",
    "FeedListing",
    "MapFilter",
    "MapPage",
    "MapRow",
    "Saved",
    "StoredFeed",
    "Version",
    "WantedMapRow",
]
