"""English: what whoever backs up, examines and looks into a node is told."""

from collections.abc import Mapping

from trinity_beast.content.model import Text

FOR_UPKEEP: Mapping[str, Text] = {
    "BACKUP_THERE": Text(
        "There is a file of that name",
        "{path} is there already; a backup replaces nothing.",
        "Give another name, or move that file away.",
        plain_message="There is a file of that name already; a backup replaces nothing.",
    ),
    "BACKUP_FAILED": Text(
        "The backup was not made",
        "The backup was not made: {reason}.",
        "Nothing of it is left. See to that, and make it again.",
        plain_message="The backup was not made.",
    ),
    "BACKUP_DAMAGED": Text(
        "The backup cannot be used",
        "The backup is damaged or none of ours: {reason}.",
        "Nothing of it was used. Take an older one; `beast restore FILE --check` reads one through.",
        plain_message="The backup is damaged or none of ours.",
    ),
    "BACKUP_NEWER": Text(
        "The backup is newer than this program",
        "The backup's {what} is {found}, and this program knows none newer than {known}.",
        "Restore it with the release that made it, or a newer one.",
        plain_message="The backup was made by something newer than there is here.",
    ),
    "RESTORE_TARGET_USED": Text(
        "Something lies there already",
        "A restore replaces nothing, and something is already at {target}.",
        "Give a folder that is not there yet, and a database with nothing in it.",
        plain_message="A restore replaces nothing, and something is already there.",
    ),
    "RESTORE_FAILED": Text(
        "The backup was not restored",
        "The backup was not restored: {reason}.",
        "Nothing of it is left. The archive is as it was.",
        plain_message="The backup was not restored.",
    ),
    "NODE_UNHEARD": Text(
        "Nobody answers there",
        "{url} does not answer as a node does: {reason}.",
        "Start the node, or give the address of its price port, such as http://127.0.0.1:8080.",
        plain_message="Nobody answers there as a node does.",
    ),
    "CONSOLE_CLOSED": Text(
        "The SQL console is closed",
        "Statements run as lesser roles, and those cannot be used here: {reason}.",
        "Let the node's database user make roles (CREATEROLE), or see what the roles `beast_reader_…` were given beside what they need.",
        plain_message="Statements run as lesser roles, and those cannot be used here.",
    ),
    "SQL_REFUSED": Text(
        "The database refuses the statement",
        "The database refuses it: {reason}.",
        "Correct the statement. Nothing was changed.",
        plain_message="The database refuses the statement.",
    ),
    "SQL_FORBIDDEN": Text(
        "The statement asks for too much",
        "That is not allowed at a console: {reason}.",
        "Name columns, not `*`, where a table holds secrets; say `write` to change rows; tables of your own go into the schema `console`.",
        plain_message="That is not allowed at a console.",
    ),
    "SQL_TOO_LONG": Text(
        "The statement took too long",
        "It was ended after {seconds} s; nothing was changed.",
        "Ask for less, or give it more `seconds`.",
        plain_message="The statement took too long and was ended.",
    ),
    "SQL_VERB_REFUSED": Text(
        "No place for such a statement",
        "A statement that begins with {verb} has no place here; what may: {allowed}.",
        "Use {instead}.",
        plain_message="A statement of that kind has no place here.",
        plain_fix="Use `write`, or /admin/sql-batch.",
    ),
    "SQL_NOT_ONE": Text(
        "Not one statement",
        "Exactly one statement is carried out at a time, and this is {statements}.",
        "Send one; several go to /admin/sql-batch, each by itself in the list.",
        plain_message="Exactly one statement is carried out at a time.",
    ),
    "CONFIRMATION_WRONG": Text(
        "The token does not confirm this",
        "The token is not one for exactly these statements, or it was used, or is older than {minutes} minutes.",
        "Rehearse them again, at the same node, and confirm with the new token.",
        plain_message="The token does not confirm these statements.",
    ),
    "CACHE_NONE": Text(
        "No shared cache",
        "This node has no shared cache.",
        "Set CACHE_URL, or ask a node that has one.",
    ),
    "CACHE_COMMAND_REFUSED": Text(
        "The command may not be asked",
        "{command} {reason}.",
        "Ask something else; `write` is needed for what removes.",
        plain_message="That command may not be asked here.",
    ),
    "CACHE_KEY_REFUSED": Text(
        "That is secret",
        "What lies under {prefix} is named after customers' keys and is not told.",
        "`beast keys show` tells of a key; `/admin/invalidate-key` has it looked up anew.",
        plain_message="What lies there is named after customers' keys and is not told.",
    ),
}
