"""`beast`: the verbs of the program, gathered from the capabilities."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from trinity_beast import content
from trinity_beast.access.commands import keys_app
from trinity_beast.clock import SystemClock
from trinity_beast.errors import TrinityError
from trinity_beast.exchanges import FeedsChoice
from trinity_beast.lab.commands import lab_app
from trinity_beast.node import Node, Wanted
from trinity_beast.randomness import SystemSecrets, dice
from trinity_beast.settings import Settings, read_settings
from trinity_beast.storage import Whereabouts
from trinity_beast.telemetry import Redactor, configure_logs
from trinity_beast.usage.commands import spool_app
from trinity_beast.version import VERSION

CLOCK, SECRETS = SystemClock(), SystemSecrets()
TALK = Console(stderr=True)

beast = typer.Typer(
    name="beast", help="Trinity Beast: real-time crypto prices that are never older or less certain than they say.", no_args_is_help=True
)
