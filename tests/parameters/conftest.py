"""Parameters of a small program, stored in a database of their own."""

import pytest

from trinity_beast.parameters import Declarations, Parameter, not_above
from trinity_beast.parameters.parameters import REFRESH_SECONDS
from trinity_beast.parameters.service import ParameterEditor
from trinity_beast.storage import Database

LEAST = Parameter("window_min", group="windows", unit="s", default=5.0, least=1.0, most=100.0, help="The least.")
MOST = Parameter("window_max", group="windows", unit="s", default=45.0, least=1.0, most=100.0, help="The most.")
LIMIT = Parameter("limit", group="limits", unit="requests", default=10, least=1, most=1_000, help="How many.")


@pytest.fixture
def declared() -> Declarations:
    return Declarations([LEAST, MOST, LIMIT, REFRESH_SECONDS], [not_above(LEAST, MOST)])


@pytest.fixture
def editor(own_database: Database, declared: Declarations) -> ParameterEditor:
    return ParameterEditor(own_database, declared)
