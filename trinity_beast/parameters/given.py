"""Values an operator gives before the program starts: `stale_after_seconds=60 liveness_gaps=3`."""

from collections.abc import Mapping

from trinity_beast.parameters.errors import ParameterInvalid


def given_values(text: str) -> Mapping[str, str]:
    """Return the values of `text` by parameter name; what they mean, each parameter says. Blanks or commas stand between.

    Raises:
        ParameterInvalid: a word is no `name=value`, or a name stands there twice.
    """
    values: dict[str, str] = {}
    for word in text.replace(",", " ").split():
        name, sign, value = word.partition("=")
        if not sign or not name or not value:
            raise ParameterInvalid(name=name or "?", value=value, reason=f"{word!r} is no name=value")
        if name in values:
            raise ParameterInvalid(name=name, value=value, reason="given twice")
        values[name] = value
    return values
