"""REST looks: what a venue says was traded last, asked within its limits. Driven by a row's `rest_rules` alone."""

from trinity_beast.feeds.rest.looks import Looks
from trinity_beast.feeds.rest.model import Look, RestStatus, Urgency
from trinity_beast.feeds.rest.opener import Answer, HttpOpener, Opener
from trinity_beast.feeds.rest.reader import RestReader

__all__ = ["Answer", "HttpOpener", "Look", "Looks", "Opener", "RestReader", "RestStatus", "Urgency"]
