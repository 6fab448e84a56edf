"""What is asked over the admin API of the feeds. A misspelt name is refused, and nothing is bent into another type."""

import base64
import binascii
import json
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from trinity_beast.feeds.editing import WantedMapRow
from trinity_beast.feeds.grammar import COLUMNS
from trinity_beast.feeds.kept_frames import FRAME_BYTES_MAX, KeptFrame
from trinity_beast.feeds.moment import Moment
from trinity_beast.web import NUMBER_MAX, RequestInvalid

ROWS_MAX = 1_000
FRAMES_MAX = 200
REASON_CHARACTERS_MAX = 500
VERSION_MAX = 2**31 - 1
ID_MAX = NUMBER_MAX
CURSOR_UNKNOWN = "cursor is none of ours; leave it out to begin anew"


def storable(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as it came.

    Raises:
        ValueError: something in it can stand in JSON and in no database: a zero byte, half a character, or no number.
    """
    try:
        text = json.dumps(row, allow_nan=False)
        json.dumps(row, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ValueError("holds what cannot be stored: half a character, no number, or too many levels") from error
    if "\\u0000" in text:
        raise ValueError("holds a zero byte, which cannot be stored")
    return row


Reason = Annotated[str, Field(max_length=REASON_CHARACTERS_MAX, pattern=r"^[^\x00]*$", description="Why; kept with the version.")]
Expected = Annotated[
    int | None, Field(ge=0, le=VERSION_MAX, description="The version this change was made to; 409 when it is another by now. 0: none yet.")
]
VenueName = Annotated[str, Field(max_length=20, pattern=r"^[a-z0-9]+$")]
Text = Annotated[str, Field(max_length=80)]
Row = Annotated[dict[str, Any], AfterValidator(storable)]


class Body(BaseModel):
    """What is sent. A misspelt name is refused, not ignored; nothing is bent into another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SaveFeed(Body):
    """A whole feed row."""

    row: Row = Field(description=f"All nineteen columns: {', '.join(COLUMNS)}.")
    reason: Reason = ""
    expected_version: Expected = None
    force: bool = Field(default=False, description="Save it although it failed its try; needs a reason.")


class ToggleFeed(Body):
    """A feed to be switched."""

    venue: VenueName
    enabled: bool | None = Field(default=None, description="On or off; left out, the other of what it is.")
    reason: Reason = ""
    expected_version: Expected = None
    force: bool = False


class TryFeed(Body):
    """A row to be tried; nothing is changed."""

    row: Row
    frames: list[Annotated[str, Field(max_length=FRAME_BYTES_MAX)]] = Field(
        default_factory=list, max_length=FRAMES_MAX, description="Recorded frames of the venue, as text, to be read by the row first."
    )
    seconds: float | None = Field(default=None, ge=1, le=20, description="How long it is connected at most.")


class RollBack(Body):
    """A feed row to be brought back."""

    venue: VenueName
    to: int | None = Field(default=None, ge=1, le=VERSION_MAX, description="The version; left out, the one before the newest.")
    reason: Reason = ""
    expected_version: Expected = None


class MapRowWanted(Body):
    """A row of the asset map."""

    asset: Text
    venue: Text
    symbol: Text
    quote: Text = "USD"
    enabled: bool = True
    prewarm: bool = False
    category: Text = ""
    expected_version: Expected = None

    def wanted(self) -> WantedMapRow:
        """Return what is wanted."""
        return WantedMapRow(**self.model_dump())


class SaveAssets(Body):
    """Rows of the asset map, saved all or none."""

    assets: list[MapRowWanted] = Field(min_length=1, max_length=ROWS_MAX)


class ToggleAsset(Body):
    """One row's switches; what is left out stays."""

    id: int = Field(ge=1, le=ID_MAX)
    enabled: bool | None = None
    prewarm: bool | None = None
    expected_version: Expected = None


def cursor_of(after: tuple[str, str] | None) -> str | None:
    """Return the word by which the next page is asked for."""
    return None if after is None else base64.urlsafe_b64encode("\n".join(after).encode()).decode().rstrip("=")


def after_of(cursor: str | None) -> tuple[str, str] | None:
    """Return where a page begins.

    Raises:
        RequestInvalid: the cursor is none we gave.
    """
    if not cursor:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise RequestInvalid(reason=CURSOR_UNKNOWN) from error
    asset, _, venue = text.partition("\n")
    if not (asset.isalnum() and venue.isalnum()):
        raise RequestInvalid(reason=CURSOR_UNKNOWN)
    return asset, venue


def kept_frames(texts: list[str], now: Moment) -> list[KeptFrame]:
    """Return frames that were handed in as text."""
    return [KeptFrame(text.encode(), False, now) for text in texts]
