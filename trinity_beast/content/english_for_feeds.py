"""English: what whoever changes feeds and the asset map is told."""

from collections.abc import Mapping

from trinity_beast.content.model import Text

FOR_FEEDS: Mapping[str, Text] = {
    "FEED_TRY_FAILED": Text(
        "The feed row was tried and does not do",
        "The row of {venue} was tried and nothing was changed: {first}.",
        "Correct what `errors` shows, with its evidence. To save it all the same, send `force` with a reason.",
        plain_message="The feed row was tried and does not do; nothing was changed.",
    ),
    "MAP_ROWS_INVALID": Text(
        "Rows of the asset map cannot be used",
        "{count} mistakes, and no row was saved. The first: {first}.",
        "Correct what `errors` names, each by its place in the batch, and send all rows again.",
        plain_message="Rows of the asset map cannot be used, and none was saved.",
    ),
    "VENUE_UNKNOWN": Text(
        "No such venue",
        "There is no feed row for {venue}.",
        "`beast feeds list` shows every venue there is. A new one begins with its feed row.",
        plain_message="There is no feed row for that venue.",
    ),
    "MAP_ROW_UNKNOWN": Text(
        "No such row of the asset map",
        "The asset map has no row {row}.",
        "`beast assets list` shows every row.",
        plain_message="The asset map has no such row.",
    ),
    "VERSION_UNKNOWN": Text(
        "No such version",
        "The row of {venue} cannot go back to version {version}; the newest is {newest}.",
        "`beast feeds history VENUE` shows every version.",
        plain_message="The feed row was never in that version, or had no form in it.",
    ),
    "CONFLICT": Text(
        "Somebody else changed it meanwhile",
        "{row} is at version {version} and not at {expected_version}: somebody else changed it meanwhile.",
        "Read it again, make your change to what it is now, and send that.",
        plain_message="Somebody else changed it meanwhile.",
    ),
    "REASON_MISSING": Text(
        "A reason is needed",
        "What goes against the evidence is done only with a reason.",
        "Say why with `reason`; it is kept with the version.",
    ),
    "NODE_NOT_REACHED": Text(
        "No running node was reached",
        "No node was reached: {reason}.",
        "Start one with `beast serve`, or say where it is with `--url`.",
        plain_message="No node was reached.",
    ),
}
