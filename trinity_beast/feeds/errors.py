"""What can be refused about feeds and the asset map, beyond the grammar of a row."""

from trinity_beast.errors import ChangedMeanwhile, TrinityError


class VenueUnknown(TrinityError):
    """No feed row has that venue. Fact: `venue`."""

    code, status = "VENUE_UNKNOWN", 404


class MapRowUnknown(TrinityError):
    """No row of the asset map is that one. Fact: `row`."""

    code, status = "MAP_ROW_UNKNOWN", 404


class VersionUnknown(TrinityError):
    """A feed row was never in that version. Facts: `venue`, `version`, `newest`."""

    code, status = "VERSION_UNKNOWN", 404


class ReasonMissing(TrinityError):
    """What goes against the evidence needs a reason, which is kept with the version."""

    code, status = "REASON_MISSING", 400


class MapRowsInvalid(TrinityError):
    """Rows of the asset map cannot be used, and none of them was saved. Facts: `count`, `first`."""

    code, status = "MAP_ROWS_INVALID", 422


class FeedTryFailed(TrinityError):
    """A changed feed row was tried beside the running feed and does not do. Facts: `venue`, `first`. Nothing was changed."""

    code, status = "FEED_TRY_FAILED", 422


class AuditRunning(TrinityError):
    """An audit is under way, and only one at a time may ask the exchanges. Facts: `audit`, `by`, `since`."""

    code, status = "AUDIT_RUNNING", 409


class AuditUnknown(TrinityError):
    """No audit of that number is kept. Fact: `audit`."""

    code, status = "AUDIT_UNKNOWN", 404


class AuditUnfinished(TrinityError):
    """The audit is under way or was cut off, so there is nothing to bring the map in line with. Facts: `audit`, `state`."""

    code, status = "AUDIT_UNFINISHED", 409


class VenueUnlisted(TrinityError):
    """The exchange's feed row names no list of its markets. Fact: `venue`."""

    code, status = "VENUE_UNLISTED", 422


class VenueAway(TrinityError):
    """The exchange's REST did not give its list. Facts: `venue`, `reason`. The same call may succeed later."""

    code, status = "VENUE_AWAY", 503


class PlanChanged(TrinityError):
    """What would be changed is no longer what was shown, so nothing was changed. Facts: `plan`, `wanted`."""

    code, status = "PLAN_CHANGED", 409


EDIT_REFUSALS = (VenueUnknown, ChangedMeanwhile, ReasonMissing)
"""What any change of a feed row may answer."""
