"""In which form and which coding a caller likes its answer best, by what its headers say."""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from trinity_beast.reports.model import Form

PARTS_MAX = 20
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?", re.ASCII)


class Coding(StrEnum):
    """How an answer is compressed on its way."""

    ZSTD = "zstd"
    GZIP = "gzip"
    IDENTITY = "identity"


def forms_accepted(accept: str) -> Iterator[Form]:
    """Return the forms a header `Accept` names, the one liked best first; one it only covers by a star is not named."""
    liked: list[tuple[float, int, Form]] = []
    for place, part in enumerate(accept.split(",")[:PARTS_MAX]):
        media, _, rest = part.strip().partition(";")
        form = _MEDIA.get(media.strip().lower())
        if form is not None and (quality := _quality_of(rest)) > 0:
            liked.append((-quality, place, form))
    return iter([form for _, _, form in sorted(liked)])


def _quality_of(parameters: str) -> float:
    """Return the quality a header's part is given: 1 where it says none, 0 where it says nothing sensible."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "q":
            return float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
    return 1.0


_MEDIA: Mapping[str, Form] = {
    "application/json": Form.JSON,
    "text/csv": Form.CSV,
    "text/tab-separated-values": Form.TSV,
    "text/plain": Form.TEXT,
}


def coding_accepted(accept_encoding: str) -> Coding:
    """Return the coding a header `Accept-Encoding` likes best of ours; of two it likes alike, the one that is dearer to us."""
    qualities: dict[str, float] = {}
    for part in accept_encoding.split(",")[:PARTS_MAX]:
        name, _, rest = part.strip().lower().partition(";")
        qualities.setdefault(name.strip(), _quality_of(rest))
    star = qualities.get("*", 0.0)
    liked = [(qualities.get(coding.value, star), -place, coding) for place, coding in enumerate([Coding.ZSTD, Coding.GZIP])]
    quality, _, coding = max(liked)
    return coding if quality > 0 and quality >= qualities.get("identity", 0.0) else Coding.IDENTITY
