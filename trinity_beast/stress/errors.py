"""What can be refused about a stress test, and what can go wrong with it."""

from trinity_beast.errors import TrinityError


class StressPlanInvalid(TrinityError):
    """A stress test was asked for that cannot be made. Fact: `reason`."""

    code, status = "STRESS_PLAN_INVALID", 400


class TargetNotMine(TrinityError):
    """A target lies beyond this machine, and nobody said that it is their own. Facts: `host`, `address`."""

    code, status = "TARGET_NOT_MINE", 403


class TargetAway(TrinityError):
    """Nobody could be asked at a target. Facts: `target`, `reason`."""

    code, status = "TARGET_AWAY", 502


class FileLimitLow(TrinityError):
    """A level wants more connections than this process may open. Facts: `needed`, `limit`, `connections_max`."""

    code, status = "FILE_LIMIT_LOW", 500


class StressClientLost(TrinityError):
    """A client that had joined a stress test left it, or went silent. Facts: `client`, `reason`."""

    code, status = "STRESS_CLIENT_LOST", 502


class StressJoinRefused(TrinityError):
    """A stress test could not be joined. Facts: `url`, `reason`."""

    code, status = "STRESS_JOIN_REFUSED", 403


class StressReportInvalid(TrinityError):
    """A file or a body is no report of a stress test. Facts: `name`, `reason`."""

    code, status = "STRESS_REPORT_INVALID", 400


class StressReportUnknown(TrinityError):
    """There is no stored report of that number. Fact: `report`."""

    code, status = "STRESS_REPORT_UNKNOWN", 404
