"""How the program speaks HTTP beyond what the engine answers: the server, the app, the envelope, the refusals."""

from trinity_beast.web.app import App, EnvelopeResponse, Router, build_app
from trinity_beast.web.asked import Asked, current
from trinity_beast.web.bounds import RequestBounds, ServerBounds
from trinity_beast.web.changing import changes
from trinity_beast.web.client import Granted, KnownNode, Opened, Turned
from trinity_beast.web.credentials import Caller, Credentials
from trinity_beast.web.declared import refusals, told_as
from trinity_beast.web.desk import Desk, NodeDesk, NodeOf, error_lines, print_json
from trinity_beast.web.edge import Guard
from trinity_beast.web.envelope import Detail, Identity, timestamp_of
from trinity_beast.web.errors import MethodNotAllowed, NodeNotReached, NotFound, Overloaded, RequestInvalid, RequestTimeout, RequestTooLarge
from trinity_beast.web.examples import Example
from trinity_beast.web.kinds import NUMBER_MAX, Day
from trinity_beast.web.known_limits import KnownLimits
from trinity_beast.web.metering import Count, Meter, Usage, counters_of
from trinity_beast.web.options import AdminKey, AsJson, ConfigFile, DataDir, Every, Operator, Reason, Url
from trinity_beast.web.request_ids import RequestIds
from trinity_beast.web.server import HttpServer
from trinity_beast.web.source import ConnectionSource, HandedConnection
from trinity_beast.web.streamed import Stream, Streamed
from trinity_beast.web.watching import Watching
from trinity_beast.web.words import Spoken, Words

__all__ = [
    "NUMBER_MAX",
    "AdminKey",
    "App",
    "AsJson",
    "Asked",
    "Caller",
    "ConfigFile",
    "ConnectionSource",
    "Count",
    "Credentials",
    "DataDir",
    "Day",
    "Desk",
    "Detail",
    "EnvelopeResponse",
    "Every",
    "Example",
    "Granted",
    "Guard",
    "HandedConnection",
    "HttpServer",
    "Identity",
    "KnownLimits",
    "KnownNode",
    "Meter",
    "MethodNotAllowed",
    "NodeDesk",
    "NodeNotReached",
    "NodeOf",
    "NotFound",
    "Opened",
    "Operator",
    "Overloaded",
    "Reason",
    "RequestBounds",
    "RequestIds",
    "RequestInvalid",
    "RequestTimeout",
    "RequestTooLarge",
    "Router",
    "ServerBounds",
    "Spoken",
    "Stream",
    "Streamed",
    "Turned",
    "Url",
    "Usage",
    "Watching",
    "Words",
    "build_app",
    "changes",
    "counters_of",
    "current",
    "error_lines",
    "print_json",
    "refusals",
    "timestamp_of",
    "told_as",
]
