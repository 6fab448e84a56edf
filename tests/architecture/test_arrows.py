from itertools import pairwise

import pytest

from tests.architecture.arrows import cycle_findings, import_findings
from tests.architecture.source import checkout, source


def test_every_import_follows_the_arrows() -> None:
    assert [str(finding) for finding in import_findings(checkout())] == []


def test_no_two_packages_reach_each_other_in_a_ring() -> None:
    assert [str(finding) for finding in cycle_findings(checkout())] == []


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("feeds/feed.py", "from trinity_beast import engine", "speak to the engine"),
        ("feeds/feed.py", "from trinity_beast.engine import Book", "speak to the engine"),
        ("web/app.py", "from trinity_beast.access import Keys", "knows no capability"),
        ("storage/database.py", "import trinity_beast.usage", "knows no capability"),
        ("lab/coinbase.py", "from trinity_beast.feeds import FeedRow", "must not agree with the product"),
        ("feeds/feed.py", "from trinity_beast.lab import Lab", "knows of the lab"),
        ("rehearsal/oracle.py", "from trinity_beast.pricing import Prices", "judges the product from outside"),
        ("rehearsal/stage.py", "from trinity_beast.engine import Book", "speak to the engine"),
        ("rehearsal/oracle.py", "import asyncio", "imports neither a framework nor I/O"),
        ("web/app.py", "from trinity_beast.rehearsal.oracle import Oracle", "stands outside the product"),
        ("pricing/prices.py", "from trinity_beast.feeds.tables import exchange_feeds", "from its face"),
        ("pricing/prices.py", "from trinity_beast.access import store", "from its face"),
        ("web/app.py", "from trinity_beast.storage.postgres import Cluster", "from its face"),
        ("compose/modes.py", "from trinity_beast.access.store import insert_key", "from its face"),
        ("access/service.py", "from trinity_beast.settings import Settings", "read once, in compose/"),
        ("access/service.py", "from trinity_beast.compose import build", "joins the parts"),
        ("words.py", "from trinity_beast.settings import Settings", "rest on nothing"),
        ("access/service.py", "from trinity_beast.access.tables import api_keys", "only store.py knows the tables"),
        ("access/service.py", "from . import tables", "only store.py knows the tables"),
        ("access/routes.py", "from trinity_beast.access import store", "calls one use case"),
        ("access/service.py", "from trinity_beast.access.routes import routes", "from the edge inwards"),
        ("access/model.py", "from trinity_beast.access.service import Keys", "holds nouns and rules"),
        ("access/store.py", "from trinity_beast.access.service import Keys", "service → store → tables"),
        ("access/model.py", "import sqlalchemy as sa", "imports neither a framework nor I/O"),
        ("feeds/grammar/row.py", "import asyncio", "imports neither a framework nor I/O"),
        ("feeds/grammar/row.py", "from trinity_beast.feeds import store", "holds nouns and rules"),
        ("access/errors.py", "from asyncio import sleep", "imports neither a framework nor I/O"),
        ("access/service.py", "from sqlalchemy import select", "is known only to"),
        ("access/service.py", "import fastapi", "is known only to"),
        ("web/app.py", "import typer", "is known only to"),
    ],
)
def test_an_import_against_the_arrows_is_told_with_its_reason(path: str, text: str, told: str) -> None:
    sentences = [finding.sentence for finding in import_findings([source(f"trinity_beast/{path}", text)])]

    assert any(told in sentence for sentence in sentences), sentences


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pricing/prices.py", "from trinity_beast.engine import Book"),
        ("access/service.py", "from trinity_beast.storage import Database"),
        ("access/service.py", "from trinity_beast.access import store"),
        ("access/service.py", "from trinity_beast.access.quota import left_of"),
        ("access/store.py", "import sqlalchemy as sa\nfrom trinity_beast.access.tables import api_keys"),
        ("access/routes.py", "from fastapi import APIRouter\nfrom trinity_beast.access.service import Keys"),
        ("feeds/wire.py", "import asyncio\nimport picows"),
        ("access/model.py", "from dataclasses import dataclass\nfrom trinity_beast.words import Asset"),
        ("compose/modes.py", "from trinity_beast.access.routes import routes\nfrom trinity_beast.lab import Lab"),
        ("cli.py", "import typer\nfrom trinity_beast.access.commands import keys"),
        ("rehearsal/stage.py", "import asyncio\nfrom trinity_beast.lab import Lab\nfrom trinity_beast.web import KnownNode"),
        ("lab/coinbase.py", "import websockets\nfrom trinity_beast.clock import Clock"),
        ("settings.py", "from trinity_beast.errors import TrinityError"),
        ("storage/database.py", "import psycopg\nfrom sqlalchemy.ext.asyncio import AsyncEngine"),
    ],
)
def test_an_import_along_the_arrows_is_left_alone(path: str, text: str) -> None:
    assert import_findings([source(f"trinity_beast/{path}", text)]) == []


def test_a_test_may_reach_where_the_product_may_not() -> None:
    assert import_findings([source("tests/access/test_store.py", "from trinity_beast.access import store, tables")]) == []


def test_a_ring_of_three_packages_is_told_at_each_of_its_arrows() -> None:
    ring = ["access", "pricing", "usage", "access"]
    files = [source(f"trinity_beast/{here}/service.py", f"from trinity_beast.{there} import Thing") for here, there in pairwise(ring)]

    assert len(cycle_findings(files)) == 3
    assert cycle_findings(files[:2]) == []
