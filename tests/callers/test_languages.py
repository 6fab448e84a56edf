"""A refusal is told in the caller's language by both halves of a node, and both choose the same one."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.callers.node import PriceNode, price_node
from trinity_beast import content, engine
from trinity_beast.content.languages import language_of
from trinity_beast.content.model import Told

PLANTED = ("en", "de", "pt-BR")


def in_language(language: str, told: Told) -> Told:
    return told if language == "en" else Told(*[f"[{language}] {text}" for text in (told.title, told.message, told.fix)])


class Planted:
    """Keeps `web.Words` with two languages more than there are."""

    def told(self, code: str, facts: Mapping[str, object] | None = None, *, accept_language: str | None = None) -> Told:
        return in_language(self.language_told(accept_language), content.told(code, facts))

    def language_told(self, accept_language: str | None) -> str:
        return language_of(accept_language, PLANTED)

    def codes(self) -> Iterator[tuple[str, int]]:
        return content.codes()


@pytest.fixture(scope="module")
def texts() -> list[engine.Refusal]:
    english = [(code, status, Told(title, message, fix)) for code, status, title, message, fix in content.refusals_for_engine()]
    return [
        engine.Refusal(
            code, status, *(getattr(in_language(language, told), part) for part in ("title", "message", "fix")), language=language
        )
        for language in PLANTED
        for code, status, told in english
    ]


@pytest.fixture
async def node(texts: list[engine.Refusal]) -> AsyncIterator[PriceNode]:
    async with price_node(words=Planted()) as node:
        node.engine.set_refusals(texts)
        node.issue()
        yield node


async def spoken(node: PriceNode, path: str, wish: str | None) -> tuple[str, str]:
    """Return the language an answer says it is in, and the one it is in."""
    heard = await node.ask(path, *([f"Accept-Language: {wish}"] if wish is not None else []), secret=None)
    told = json.loads(heard.body)
    words = [told["title"], told["message"], told["detail"], told["errors"][0]["message"], told["errors"][0]["fix"]]
    languages = {word[1:].partition("]")[0] if word.startswith("[") else "en" for word in words}
    assert len(languages) == 1, words
    assert told["code"] == "KEY_MISSING", "a code is never translated"
    return heard.headers["content-language"], languages.pop()


@pytest.mark.parametrize("path", ["/price?asset=BTC", "/key"], ids=["engine", "python"])
@pytest.mark.parametrize(
    ("wish", "language"),
    [
        (None, "en"), ("", "en"), ("de", "de"), ("DE-at", "de"), ("fr", "en"), ("tlh, de;q=0.3", "de"), ("de;q=0.5, en;q=0.6", "en"),
        ("de;q=0.5, pt-BR;q=0.6", "pt-BR"), ("pt", "pt-BR"), ("pt-PT", "en"), ("de;q=0", "en"), ("*", "en"), ("en;q=0, *, de;q=0.1", "de"),
        ("de;q=0, de-AT", "en"), ("de;q=lots", "en"), ("de;q=1.1", "en"), (",;,", "en"), ("x" * 5_000, "en"),
    ],
)  # fmt: skip
async def test_the_language_liked_best_is_spoken_and_named(node: PriceNode, path: str, wish: str | None, language: str) -> None:
    assert await spoken(node, path, wish) == (language, language)


TAG = st.sampled_from(["de", "DE", "de-AT", "en", "en-GB", "pt", "pt-BR", "pt-br-x", "pt-PT", "fr", "*", "", "d e", "de-"])
READABLE = ["", ";q=0", ";q=0.1", "; q=0.9", ";Q=1", ";q=1.000"]
WEIGHT = st.sampled_from([*READABLE, ";q=0.0001", ";q=2", ";q=-1", ";q=", ";x=1", ";q=0.5;x", ";q=nan", ";q =1"])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.lists(st.tuples(TAG, WEIGHT), max_size=5), comma=st.sampled_from([",", ", ", " ,\t"]))
async def test_both_halves_choose_the_same_language_whatever_is_wished(node: PriceNode, wishes: list[tuple[str, str]], comma: str) -> None:
    wish = comma.join(tag + weight for tag, weight in wishes)
    assert await spoken(node, "/price?asset=BTC", wish) == await spoken(node, "/key", wish)


async def test_a_message_within_an_answer_is_in_the_callers_language_too(node: PriceNode) -> None:
    heard = await node.ask("/prices?assets=BTC,XRP", "Accept-Language: de")
    assert json.loads(heard.body)["data"]["missing"][0]["message"].startswith("[de] ")


async def test_texts_can_be_replaced_while_the_node_runs(node: PriceNode) -> None:
    node.engine.set_refusals([engine.Refusal("KEY_MISSING", 401, "T", "M", "F", language="fr")])
    assert (await node.ask("/price?asset=BTC", "Accept-Language: fr", secret=None)).headers["content-language"] == "fr"
    assert (await node.ask("/price?asset=BTC", "Accept-Language: de", secret=None)).headers["content-language"] == "en"
