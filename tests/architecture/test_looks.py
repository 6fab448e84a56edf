import pytest

from tests.architecture.looks import look_findings, routes_by_get
from tests.architecture.source import checkout, product, source


def test_every_get_that_is_done_in_an_operators_name_declares_that_it_changes_something() -> None:
    assert [str(finding) for finding in look_findings(checkout())] == []


def test_the_gets_of_this_checkout_are_found() -> None:
    assert {"daily_dashboard", "system_mode"} < {handler.name for file in product(checkout()) for handler, _ in routes_by_get(file)}


@pytest.mark.parametrize(
    ("route", "operator", "found"),
    [
        ('"/daily"', "who", 1),
        ('"/daily", dependencies=[Depends(gate)]', "who", 1),
        ('"/daily", dependencies=[changes()]', "who", 0),
        ('"/mode", dependencies=[Depends(gate), changes(if_given="mode")]', "who", 0),
        ('"/daily"', "_who", 0),
    ],
)
def test_a_get_that_uses_the_name_and_declares_nothing_is_found(route: str, operator: str, found: int) -> None:
    text = f"def routes():\n    @router.get({route})\n    async def daily({operator}: Operator) -> Told: ...\n"

    assert len(look_findings([source("trinity_beast/ops/daily/routes.py", text)])) == found
