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
    "AUDIT_RUNNING": Text(
        "An audit is under way",
        "Audit {audit}, begun by {by} at {since}, is under way, and one at a time may ask the exchanges.",
        "Wait for it with `beast audits {audit} --follow`, then begin yours.",
        plain_message="An audit is under way, and one at a time may ask the exchanges.",
        plain_fix="Wait for it with `beast audits`, then begin yours.",
    ),
    "AUDIT_UNKNOWN": Text(
        "No such audit",
        "No audit {audit} is kept.",
        "`beast audits` lists those that are; the oldest make room for newer ones.",
        plain_message="No audit of that number is kept.",
    ),
    "AUDIT_UNFINISHED": Text(
        "The audit has no results",
        "Audit {audit} is {state}, so it proposes nothing.",
        "Wait for it where it is running, or begin another with `beast prewarm-audit`.",
        plain_message="The audit is not done, so it proposes nothing.",
    ),
    "VENUE_UNLISTED": Text(
        "The exchange's row names no list",
        "The feed row of {venue} does not say where its list of markets is.",
        "Give its row `rest_rules` with `symbols`; `beast feeds show` prints the row.",
        plain_message="The exchange's feed row does not say where its list of markets is.",
    ),
    "VENUE_AWAY": Text(
        "The exchange did not give its list",
        "{venue} did not give its list of markets: {reason}.",
        "Try again in a while; `limited` and `paused` pass by themselves.",
        plain_message="The exchange did not give its list of markets.",
    ),
    "PLAN_CHANGED": Text(
        "It would change something else by now",
        "The changes shown as {wanted} would be {plan} by now, so nothing was changed.",
        "Look at the preview again and apply the plan it shows.",
        plain_message="The changes shown are not what would be made by now, so nothing was changed.",
    ),
    "NODE_NOT_REACHED": Text(
        "No running node was reached",
        "No node was reached: {reason}.",
        "Start one with `beast serve`, or say where it is with `--url`.",
        plain_message="No node was reached.",
    ),
}
