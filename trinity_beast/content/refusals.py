"""The sentence that belongs to a code, in the caller's language."""

from collections.abc import Iterator, Mapping

from trinity_beast.content.codes import SAID_BY_THE_ENGINE, STATUSES
from trinity_beast.content.english import ENGLISH
from trinity_beast.content.languages import language_of
from trinity_beast.content.model import Catalogue, Told

CATALOGUES: Mapping[str, Catalogue] = {catalogue.language: catalogue for catalogue in (ENGLISH,)}
"""Every language we speak, by its tag."""


_PLACES: Mapping[str, str] = {
    "asset": "{asset}",
    "age_seconds": "{age_seconds}",
    "retry_after_seconds": "{retry_after_seconds}",
    "resets_in_seconds": "{resets_in_seconds}",
    "bytes_max": "{most}",
}
"""The facts the engine puts into a sentence by itself, and its names for them."""


def told(code: str, facts: Mapping[str, object] | None = None, *, accept_language: str | None = None) -> Told:
    """Return what is said under `code`, in the language the caller likes best.

    A code without a text is told as INTERNAL: a caller must never be answered by a failure to answer.
    """
    texts = CATALOGUES[language_told(accept_language)].refusals
    return texts.get(code, texts["INTERNAL"]).told(facts or {})


def language_told(accept_language: str | None) -> str:
    """Return the tag of the language `told` would answer in."""
    return language_of(accept_language, CATALOGUES)


def codes() -> Iterator[tuple[str, int]]:
    """Return every code with its status, in the order of the contract."""
    return iter(STATUSES.items())


def refusals_for_engine(language: str = "en") -> list[tuple[str, int, str, str, str]]:
    """Return (code, status, title, message, fix) of all the engine may say itself.

    Where a sentence names only facts the engine has, it gets the sentence with their names in braces, else its plain form.
    """
    texts = CATALOGUES[language].refusals
    told = [(code, texts[code].told(_PLACES)) for code in SAID_BY_THE_ENGINE]
    return [(code, STATUSES[code], each.title, each.message, each.fix) for code, each in told]
