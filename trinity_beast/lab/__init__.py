"""Stand-ins for exchanges that speak the venues' real protocols over loopback sockets and REST."""

from trinity_beast.lab.addresses import endpoint_for_lab, rest_rules_for_lab, row_for_lab
from trinity_beast.lab.control import LabControl
from trinity_beast.lab.errors import FaultMisspoken, FaultUnknown, LabNotReached, MarketUnknown, RecordingUnusable, VenueNotPlayed
from trinity_beast.lab.faults import FAULTS, Clear, Fault, parse_fault
from trinity_beast.lab.market import Market
from trinity_beast.lab.markets import open_market
from trinity_beast.lab.model import ControlAddress, LabAddresses, Listing, MarketTrade, VenueStatus
from trinity_beast.lab.ready_file import addresses_in, write_ready_file
from trinity_beast.lab.service import Lab
from trinity_beast.lab.venues import VENUES
from trinity_beast.lab.venues.listed import WARM

__all__ = [
    "FAULTS",
    "VENUES",
    "WARM",
    "Clear",
    "ControlAddress",
    "Fault",
    "FaultMisspoken",
    "FaultUnknown",
    "Lab",
    "LabAddresses",
    "LabControl",
    "LabNotReached",
    "Listing",
    "Market",
    "MarketTrade",
    "MarketUnknown",
    "RecordingUnusable",
    "VenueNotPlayed",
    "VenueStatus",
    "addresses_in",
    "endpoint_for_lab",
    "open_market",
    "parse_fault",
    "rest_rules_for_lab",
    "row_for_lab",
    "write_ready_file",
]
