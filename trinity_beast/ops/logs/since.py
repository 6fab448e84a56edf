"""Since when, as people write it. Pure."""

import re
from datetime import UTC, datetime, timedelta

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_AGO = re.compile(r"(\d{1,9})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class SinceInvalid(ValueError):
    """A text is no moment. It is told to whoever wrote it at the command line."""


def moment_of(text: str, now: datetime) -> str:
    """Return the moment meant by `90s`, `15m`, `2h`, `1d` or an ISO moment (UTC unless it says otherwise), in UTC; nothing for nothing.

    Raises:
        SinceInvalid: it is none of these, or before our time.
    """
    if not text:
        return ""
    try:
        if found := _AGO.fullmatch(text.strip()):
            moment = now - timedelta(seconds=int(found[1]) * _SECONDS[found[2]])
        else:
            moment = datetime.fromisoformat(text.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if moment < BEGINNING:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise SinceInvalid(f"{text!r} is neither so long ago (90s, 15m, 2h, 1d) nor a moment such as 2026-11-20T07:40") from None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}Z"
