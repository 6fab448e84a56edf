"""The gate for operators: one key, few tries, nothing told."""

import logging

import msgspec
import pytest
from fastapi import APIRouter, Depends

from tests.support.clock import ManualClock
from tests.web.caller import Heard, ask, get
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminKey, AdminKeyMissing, AdminKeyWrong, AdminTriesSpent, Digests, Operator, Operators
from trinity_beast.access.operators import ADDRESSES_MAX
from trinity_beast.access.parameters import ADMIN_TRIES_MAX, ADMIN_TRIES_WINDOW_SECONDS
from trinity_beast.access.routes import operation

SECRET = "tb_admin_of_this_test_and_of_no_other"
HERE = "127.0.0.1"

TRIES_MAX, WINDOW_SECONDS = ADMIN_TRIES_MAX.default, ADMIN_TRIES_WINDOW_SECONDS.default


@pytest.fixture
def counted() -> dict[str, int]:
    return {}


@pytest.fixture
def operators(digests: Digests, clock: ManualClock, counted: dict[str, int]) -> Operators:
    def count(name: str, amount: int) -> None:
        counted[name] = counted.get(name, 0) + amount

    return Operators(AdminKey(digests, digests.digest_of(SECRET)), clock, count=count)


def guess(operators: Operators, times: int, *, address: str = HERE) -> None:
    for _ in range(times):
        with pytest.raises(AdminKeyWrong):
            operators.admit("a guess", address=address)


def test_the_admin_key_lets_in_and_says_who_it_was(operators: Operators) -> None:
    assert operators.admit(SECRET, address=HERE) == Operator("operator", HERE)
    assert str(operators.admit(SECRET, address=HERE, name="  Ada\x00\n ")) == f"Ada ({HERE})"
    assert len(operators.admit(SECRET, address=HERE, name="x" * 500).name) == 64


def test_nobody_else_comes_in_and_each_is_counted(operators: Operators, counted: dict[str, int]) -> None:
    for secret in (None, ""):
        with pytest.raises(AdminKeyMissing):
            operators.admit(secret, address=HERE)
    guess(operators, 1)
    assert counted == {"keys_refused": 3}


def test_who_guesses_is_told_the_worst_first_and_forgotten_with_the_window(operators: Operators, clock: ManualClock) -> None:
    guess(operators, TRIES_MAX, address="10.0.0.1")
    guess(operators, 2)
    for secret in (SECRET, None):
        with pytest.raises((AdminTriesSpent, AdminKeyMissing)):
            operators.admit(secret, address="10.0.0.1" if secret else HERE)
    told = [(one.network, one.wrong, one.is_shut_out) for one in operators.guesses()]

    assert told == [("10.0.0.1", TRIES_MAX, True), (HERE, 2, False)]
    assert operators.turned_away == {"missing": 1, "wrong": TRIES_MAX + 2, "shut_out": 1, "elsewhere": 0}
    clock.advance(WINDOW_SECONDS)
    assert operators.guesses() == []


def test_an_address_that_guesses_too_often_is_not_listened_to_even_with_the_right_key(operators: Operators, clock: ManualClock) -> None:
    guess(operators, TRIES_MAX)
    clock.advance(WINDOW_SECONDS - 1)
    with pytest.raises(AdminTriesSpent) as refusal:
        operators.admit(SECRET, address=HERE)
    assert refusal.value.facts == {"retry_after_seconds": 1}
    operators.admit(SECRET, address="127.0.0.2")
    clock.advance(1)
    operators.admit(SECRET, address=HERE)


def test_asking_without_a_key_is_no_guess(operators: Operators) -> None:
    for _ in range(TRIES_MAX + 1):
        with pytest.raises(AdminKeyMissing):
            operators.admit(None, address=HERE)


def test_the_addresses_one_host_may_choose_from_count_as_one(operators: Operators) -> None:
    for number in range(TRIES_MAX):
        guess(operators, 1, address=f"2001:db8::{number:x}")
    with pytest.raises(AdminTriesSpent):
        operators.admit(SECRET, address="2001:db8::ffff")
    operators.admit(SECRET, address="2001:db8:0:1::1")


def test_a_crowd_of_guessers_costs_a_bounded_memory(operators: Operators) -> None:
    for number in range(ADDRESSES_MAX + 50):
        guess(operators, 1, address=f"10.0.{number // 256}.{number % 256}")
    assert len(operators._tries) == ADDRESSES_MAX


def test_the_key_is_in_no_log(operators: Operators, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        guess(operators, 1)
    assert "a guess" not in caplog.text
    assert SECRET not in caplog.text


async def heard(operators: Operators, *headers: str, path: str = "/admin/thing") -> Heard:
    router, operator = APIRouter(), operation(operators)

    @router.get("/admin/thing")
    async def thing(who: Operator = Depends(operator)) -> dict[str, str]:  # noqa: B008 - As FastAPI has it.
        return {"who": str(who)}

    async with serving(small_app([router])) as port:
        return await ask(port, get(path, *headers, "Connection: close"))


async def test_over_http_the_key_is_read_from_one_header_alone(operators: Operators) -> None:
    told = await heard(operators, f"Authorization: bearer {SECRET}", "X-Operator: Åda 日本")
    assert (told.status, msgspec.json.decode(told.body)["data"]) == (200, {"who": "Åda 日本 (127.0.0.1)"})
    for headers, path in (
        ((f"X-API-Key: {SECRET}",), "/admin/thing"),
        ((), f"/admin/thing?key={SECRET}"),
        ((f"Authorization: Basic {SECRET}",), "/admin/thing"),
    ):
        told = await heard(operators, *headers, path=path)
        assert (told.status, msgspec.json.decode(told.body)["code"]) == (401, "ADMIN_KEY_MISSING")
        assert told.headers["www-authenticate"] == 'Bearer realm="admin"'


async def test_over_http_a_refusal_names_its_code_and_when_to_come_again(operators: Operators) -> None:
    for _ in range(TRIES_MAX):
        told = await heard(operators, "Authorization: Bearer wrong")
        problem = msgspec.json.decode(told.body)
        assert (told.status, problem["code"], problem["errors"][0]["location"]) == (401, "ADMIN_KEY_WRONG", "header.authorization")
    told = await heard(operators, f"Authorization: Bearer {SECRET}")
    assert (told.status, msgspec.json.decode(told.body)["code"]) == (429, "ADMIN_TRIES_SPENT")
    assert 1 <= int(told.headers["retry-after"]) <= WINDOW_SECONDS
