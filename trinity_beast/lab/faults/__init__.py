"""Faults on command: each a small class that says what it does to the wire."""

from trinity_beast.lab.faults.board import FaultBoard
from trinity_beast.lab.faults.fault import CutShort, Fault, Ping, Pong, Stage, Wire, Wiring
from trinity_beast.lab.faults.spoken import CLEAR, FAULTS, Clear, fault_from, parse_fault

__all__ = [
    "CLEAR",
    "FAULTS",
    "Clear",
    "CutShort",
    "Fault",
    "FaultBoard",
    "Ping",
    "Pong",
    "Stage",
    "Wire",
    "Wiring",
    "fault_from",
    "parse_fault",
]
