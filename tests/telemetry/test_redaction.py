import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trinity_beast.telemetry.redaction import HIDDEN, Redactor

BASE62 = string.ascii_letters + string.digits
AROUND = st.text(max_size=40)
KEYS = st.builds("tb_{}_{}".format, st.sampled_from(("live", "test", "demo", "url", "admin")), st.text(BASE62, min_size=38, max_size=38))
WORDS = st.text(BASE62 + "-._~+/", min_size=12, max_size=60)


@given(AROUND, KEYS, AROUND)
def test_no_key_passes_whatever_surrounds_it(before: str, key: str, after: str) -> None:
    assume(key[-38:] not in before and key[-38:] not in after)
    assert key[-38:] not in Redactor().text(f"{before}{key}{after}")


@given(AROUND, WORDS, AROUND, st.sampled_from(("Authorization: Bearer {}", "authorization={}", '"Authorization": "Basic {}"', "Bearer {}")))
def test_no_authorization_passes(before: str, word: str, after: str, shape: str) -> None:
    assume(word not in before and word not in after)
    assert word not in Redactor().text(f"{before}\n{shape.format(word)}\n{after}")


@given(WORDS.map(lambda word: word.replace("/", "%2F")), st.sampled_from(("postgresql", "postgres", "postgresql+psycopg", "redis")))
def test_no_password_of_an_address_passes(password: str, scheme: str) -> None:
    told = Redactor().text(f"cannot reach {scheme}://beast:{password}@db.example:5432/beast")
    assert told == f"cannot reach {scheme}://beast:{HIDDEN}@db.example:5432/beast"


@given(
    WORDS,
    st.sampled_from(("password={}", "password='{}'", "PGPASSWORD={}", "ADMIN_KEY={}", "admin_key = {}", "X-API-Key: {}", "api_key={}")),
)
def test_no_named_secret_passes(word: str, shape: str) -> None:
    assert word not in Redactor().text(f"host=127.0.0.1 {shape.format(word)} dbname=beast")


@given(AROUND, st.text(BASE62, min_size=8, max_size=40), AROUND)
def test_a_secret_we_were_told_of_never_passes(before: str, secret: str, after: str) -> None:
    assert secret not in Redactor([secret]).text(f"{before}{secret}{after}")


def test_a_secret_learned_later_is_hidden_from_then_on() -> None:
    redactor = Redactor()
    assert redactor.text("it is beast-admin-1") == "it is beast-admin-1"
    redactor.learn("beast-admin-1")
    assert redactor.text("it is beast-admin-1") == f"it is {HIDDEN}"


def test_a_secret_that_holds_another_goes_whole() -> None:
    assert Redactor(["long", "longer-secret"]).text("longer-secret") == HIDDEN


@pytest.mark.parametrize("name", ["authorization", "Admin_Key", "database_url", "password", "token"])
def test_a_fact_named_for_a_secret_is_hidden_whatever_it_holds(name: str) -> None:
    assert Redactor().facts({name: "anything at all"}) == {name: HIDDEN}


def test_facts_within_facts_are_looked_through() -> None:
    told = Redactor().facts(
        {"headers": {"authorization": "x"}, "seen": ["tb_live_abcd", b"tb_demo_x"], "error": ValueError("password=abc")}
    )
    assert told == {"headers": {"authorization": HIDDEN}, "seen": ["tb_live_***", "tb_demo_***"], "error": f"password={HIDDEN}"}


def test_what_is_harmless_passes_unchanged() -> None:
    facts = {"venue": "coinbase", "attempt": 3, "delay_seconds": 1.5, "ok": True, "none": None, "url": "https://example.org:443/a"}
    assert Redactor().facts(facts) == facts


def test_what_json_cannot_hold_is_written_as_text() -> None:
    assert Redactor().facts({"n": 2**70, "text": "\ud800"}) == {"n": str(2**70), "text": "\\ud800"}
