"""What can be refused about a price."""

from trinity_beast.errors import TrinityError


class AssetUnknown(TrinityError):
    """No row of the asset map has this asset (on this venue, where one was asked for). Facts: `asset`, `suggestions`, `venue`."""

    code, status = "ASSET_UNKNOWN", 404


class PriceStale(TrinityError):
    """No venue has printed this asset within the bound. An old price is not served in its place.

    Facts: `asset`, `age_seconds` and `age_ms` of what there is, `max_age_ms` where the caller gave the bound.
    """

    code, status = "PRICE_STALE", 503


class PriceUnavailable(TrinityError):
    """The asset is known, and no venue has printed it since this node started. Fact: `asset`."""

    code, status = "PRICE_UNAVAILABLE", 503
