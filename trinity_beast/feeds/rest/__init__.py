"""REST looks: what a venue says was traded last and what it lists, asked within its limits. Driven by a row's `rest_rules` alone."""

from trinity_beast.feeds.rest.listings import Listings
from trinity_beast.feeds.rest.looks import Looks
from trinity_beast.feeds.rest.model import Look, LookFailed, RestStatus, Urgency
from trinity_beast.feeds.rest.opener import Answer, HttpOpener, Opener
from trinity_beast.feeds.rest.products import Product, Products
from trinity_beast.feeds.rest.reader import RestReader

__all__ = [
    "Answer",
    "HttpOpener",
    "Listings",
    "Look",
    "LookFailed",
    "Looks",
    "Opener",
    "Product",
    "Products",
    "RestReader",
    "RestStatus",
    "Urgency",
]
