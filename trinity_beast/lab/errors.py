"""What the lab refuses, and why."""

from typing import ClassVar

from trinity_beast.errors import TrinityError


class MarketUnknown(TrinityError):
    """The market asked for is neither `synthetic` nor `recorded:DIR`."""

    code: ClassVar[str] = "LAB_MARKET_UNKNOWN"
    status: ClassVar[int] = 400


class RecordingUnusable(TrinityError):
    """The folder holds no recording a stand-in could play: none at all, none of a known venue, or none with a live trade."""

    code: ClassVar[str] = "LAB_RECORDING_UNUSABLE"
    status: ClassVar[int] = 400


class VenueNotPlayed(TrinityError):
    """The lab has no stand-in for this venue, or this lab does not run it."""

    code: ClassVar[str] = "LAB_VENUE_NOT_PLAYED"
    status: ClassVar[int] = 404


class FaultUnknown(TrinityError):
    """No fault has this name. `beast lab faults` lists them."""

    code: ClassVar[str] = "LAB_FAULT_UNKNOWN"
    status: ClassVar[int] = 400


class FaultMisspoken(TrinityError):
    """The fault exists, but not with this symbol or these options."""

    code: ClassVar[str] = "LAB_FAULT_MISSPOKEN"
    status: ClassVar[int] = 400


class LabNotReached(TrinityError):
    """No lab answers at the control address, or it does not take this token."""

    code: ClassVar[str] = "LAB_NOT_REACHED"
    status: ClassVar[int] = 503
