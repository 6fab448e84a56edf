"""What a tier includes besides its limits, each feature declared once with its type and range."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from trinity_beast.errors import Mistake

BATCH_ASSETS_MOST = 1_000
"""The largest batch anybody may ask for; the engine reads no more."""


@dataclass(frozen=True, slots=True)
class Features:
    """What a tier includes. What a row does not say is not included."""

    udp: bool = False
    streams: bool = False
    history: bool = False
    batch_assets_max: int = 1

    def as_json(self) -> dict[str, object]:
        """Return the features as they are kept and told."""
        return asdict(self)


ALL_FEATURES = Features(udp=True, streams=True, history=True, batch_assets_max=BATCH_ASSETS_MOST)


def features_of(values: Mapping[str, object]) -> Features:
    """Return the features of a row. What is unknown or of a wrong kind in it is not included: somebody may have written it by hand."""
    known = {field.name: values[field.name] for field in fields(Features) if not _wrong(field.name, values.get(field.name))}
    return Features(**known)  # type: ignore[arg-type]  # Each was looked at by its own name.


def feature_mistakes(values: Mapping[str, object]) -> list[Mistake]:
    """Return what is wrong with features somebody wants to save."""
    names = [field.name for field in fields(Features)]
    unknown = [
        Mistake(f"features.{name}", f"{name} is no feature", f"Features are {', '.join(names)}.")
        for name in sorted(set(values) - set(names))
    ]
    wrong = [
        Mistake(f"features.{name}", f"{name} is {values[name]!r}", said)
        for name in names
        if name in values and (said := _wrong(name, values[name]))
    ]
    return unknown + wrong


def _wrong(name: str, value: object) -> str:
    """Return how a value should be, or nothing where it is so."""
    if name == "batch_assets_max":
        is_count = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= BATCH_ASSETS_MOST
        return "" if is_count else f"Say a whole number from 1 to {BATCH_ASSETS_MOST}."
    return "" if isinstance(value, bool) else "Say true or false."
