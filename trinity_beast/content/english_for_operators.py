"""English: what whoever runs the program is told."""

from collections.abc import Mapping

from trinity_beast.content.model import Text

FOR_OPERATORS: Mapping[str, Text] = {
    "NOT_READY": Text(
        "Not ready to serve",
        "This node does not serve: {parts} not ready.",
        "`GET /health` lists every part, `errors` those that are not ready and why.",
        plain_message="This node is not ready to serve.",
    ),
    "PARAMETER_INVALID": Text(
        "The value does not fit the parameter",
        "{name} cannot be {value}: {reason}.",
        "Give a value of the kind and range the parameter declares.",
        plain_message="The value does not fit the parameter.",
    ),
    "PARAMETER_UNKNOWN": Text(
        "No such parameter",
        "There is no parameter called {name}.",
        "Check the name.",
        plain_message="There is no parameter of that name.",
    ),
    "PARAMETERS_DISAGREE": Text(
        "The values contradict each other",
        "{names} do not agree: {agreement}.",
        "Set them together, so that they agree; nothing was changed.",
        plain_message="The values contradict each other.",
    ),
    "PROFILE_UNKNOWN": Text(
        "No such profile",
        "There is no profile called {profile}.",
        "Choose one of {profiles}.",
        plain_message="There is no profile of that name.",
        plain_fix="`beast profiles list` shows every profile.",
    ),
    "PROFILE_FIXED": Text(
        "The profile comes with the program",
        "{profile} comes with the program and stays as it is.",
        "Save yours under another name.",
        plain_message="That profile comes with the program and stays as it is.",
    ),
    "PROFILE_INVALID": Text(
        "The profile cannot be saved so",
        "The profile cannot be saved: {reason}.",
        "Give another name or description.",
        plain_message="The profile cannot be saved so.",
    ),
    "NOTHING_BEFORE": Text(
        "There is nothing to return to",
        "Parameters were never changed, so there is nothing before.",
        "`beast params list` shows what is in force.",
    ),
    "SETTING_INVALID": Text(
        "A setting cannot be used",
        "{setting} {reason}.",
        "Correct it in the environment or the config file, and start again.",
        plain_message="A setting cannot be used.",
    ),
    "KEY_UNKNOWN": Text(
        "No such key",
        "There is no key of that id, or it has ended and cannot be changed.",
        "`beast keys list` shows every key and its state.",
    ),
    "TIER_UNKNOWN": Text(
        "No such tier",
        "There is no tier called {tier}.",
        "Choose one of {tiers}.",
        plain_message="There is no tier of that name.",
        plain_fix="Choose one of the tiers in `rate_limit_template`.",
    ),
    "KEY_NAME_INVALID": Text(
        "The key's name cannot be used",
        "A key's name is 1 to {characters_max} printable characters.",
        "Give it a name you will know it by, such as the machine it is for.",
        plain_message="A key's name is short and printable.",
    ),
    "KEY_EXPIRY_INVALID": Text(
        "The time of the key's end cannot be used",
        "A key ends in the future, and a rotated one goes on for a year at most.",
        "Give a later time, or a shorter overlap.",
    ),
    "ADMIN_KEY_WEAK": Text(
        "The admin key is too short",
        "ADMIN_KEY needs at least {characters_min} characters to keep anybody out.",
        "Give a longer one, or leave it empty: one is made at the first start and shown once.",
        plain_message="ADMIN_KEY is too short to keep anybody out.",
    ),
    "ADMIN_KEY_MISSING": Text(
        "No admin key was given",
        "This is for operators, and the request carries no admin key.",
        "Send it as `Authorization: Bearer ADMIN_KEY`. It was shown once, at the node's first start.",
    ),
    "ADMIN_KEY_WRONG": Text(
        "That is not the admin key",
        "The key sent is not this node's admin key.",
        "Copy it again, whole. A lost one is replaced: remove `secrets/admin-key-digest` and start again, or set ADMIN_KEY.",
    ),
    "ADMIN_TRIES_SPENT": Text(
        "Too many wrong admin keys",
        "Too many wrong admin keys came from your address; keys are looked at again in {retry_after_seconds} s.",
        "Wait as long as `Retry-After` says, then send the right one.",
        plain_message="Too many wrong admin keys came from your address.",
    ),
    "NETWORK_INVALID": Text(
        "Neither an address nor a network",
        "{network} is neither an address nor a network.",
        "Write an address such as 203.0.113.7, or a network such as 203.0.113.0/24 or 2001:db8::/32.",
        plain_message="This is neither an address nor a network.",
    ),
    "NETWORK_PROTECTED": Text(
        "This would shut out the wrong ones",
        "Blocking {network} would shut out {what}.",
        "Block a smaller network; or send `force` if that is what you mean.",
        plain_message="Blocking it would shut out the machine itself, or you.",
    ),
    "BLOCK_INVALID": Text(
        "The block cannot be set so",
        "The block was not set: {reason}.",
        "Correct that and send it again.",
        plain_message="The block was not set: its reason or its end cannot be used.",
    ),
    "BLOCK_UNKNOWN": Text(
        "No such block",
        "No block of exactly {network} stands.",
        "`beast blocklist list` shows every block, each as it has to be named.",
        plain_message="No block of exactly that network stands.",
    ),
    "BLOCKLIST_FULL": Text(
        "The blocklist is full",
        "As many as {blocks_max} blocks stand, and no node holds more.",
        "Lift some, or block networks instead of single addresses.",
        plain_message="As many blocks stand as a node holds.",
    ),
    "DATABASE_ADDRESS_INVALID": Text(
        "The database's address cannot be read",
        "DATABASE_URL is no PostgreSQL address.",
        "Write it as {wanted}, or leave it empty to use the PostgreSQL that is brought along.",
        plain_fix="Write it as postgresql://user:password@host:5432/database, or leave it empty.",
    ),
    "CACHE_ADDRESS_INVALID": Text(
        "The cache's address cannot be read",
        "CACHE_URL is no address of a Valkey: {reason}.",
        "Write it as {wanted}, or leave it empty to do without a shared cache.",
        plain_message="CACHE_URL is no address of a Valkey.",
        plain_fix="Write it as valkey://user:password@host:6379/0, or leave it empty.",
    ),
    "SCHEMA_NEWER": Text(
        "The database is newer than this program",
        "The database has steps this release does not know ({found}); the newest it knows is {newest_known}.",
        "Run the release that upgraded it, or restore the database from before.",
        plain_message="The database was upgraded by a newer release than this one.",
    ),
    "SCHEMA_BUSY": Text(
        "Another program is upgrading the database",
        "Another program has been upgrading this database for more than {waited_seconds} s.",
        "Start again once it is done.",
        plain_message="Another program is upgrading this database.",
    ),
    "DATA_FOLDER_BUSY": Text(
        "Another program works in this data folder",
        "Another program works in {folder}.",
        "Stop it, or give this one a folder of its own with `--data-dir`.",
        plain_message="Another program works in the data folder.",
    ),
    "DATA_FOLDER_UNUSABLE": Text(
        "The data folder cannot be used",
        "{folder} cannot be used: {reason}.",
        "Mend that, or choose another folder with `--data-dir`.",
        plain_message="The data folder cannot be used.",
    ),
    "DISK_NEARLY_FULL": Text(
        "The disk is nearly full",
        "{folder} has {free_megabytes} MB left; starting safely takes {needed_megabytes} MB.",
        "Free some room, or choose a folder on another disk with `--data-dir`.",
        plain_message="Too little room is left on the disk to start safely.",
    ),
    "POSTGRES_MISSING": Text(
        "No PostgreSQL was found",
        "No PostgreSQL of version {oldest_major} or newer is in {looked_in}.",
        "Install one, name its bin folder in BEAST_POSTGRES_BIN_DIR, or give DATABASE_URL.",
        plain_message="No PostgreSQL that is new enough was found.",
    ),
    "POSTGRES_OTHER_MAJOR": Text(
        "The data belongs to another PostgreSQL",
        "The data folder was made by PostgreSQL {cluster_major}; found here: {found_majors}.",
        "Install that version, or start with another data folder.",
        plain_message="The data folder was made by another major version of PostgreSQL than those found here.",
    ),
    "POSTGRES_IN_USE": Text(
        "A PostgreSQL of somebody else runs on our data",
        "Process {pid} runs on {cluster} and was not started by this program; it is left alone.",
        "Stop it first.",
        plain_message="A PostgreSQL that this program did not start runs on its data; it is left alone.",
    ),
    "POSTGRES_FAILED": Text(
        "PostgreSQL did not start",
        "PostgreSQL failed at {step}: {log_tail}.",
        "The rest is in its log in the data folder.",
        plain_message="PostgreSQL did not start.",
    ),
    "ROWS_REFUSED": Text(
        "The database refused rows",
        "The database does not take these rows into {table}: {reason}.",
        "`beast usage set-aside` shows what was set aside; mend the cause, then `beast usage redrive`.",
        plain_message="The database does not take these rows.",
    ),
    "SPOOL_UNREADABLE": Text(
        "The usage spool cannot be read",
        "{path} cannot be read: {reason}.",
        "Mend that, or name another directory or segment.",
        plain_message="A usage spool cannot be read.",
    ),
    "FEED_TEXT_INVALID": Text(
        "A feed row cannot be read",
        "At character {position}, {expected} was expected and {found} found.",
        "Correct the row; `docs/exchanges.md` has the grammar and every documented row.",
        plain_message="A text of a feed row cannot be read.",
    ),
    "FEED_ROW_INVALID": Text(
        "A feed row cannot be used",
        "The row of {venue} cannot be used: {faults}.",
        "Correct the row; `docs/exchanges.md` has the grammar and every documented row.",
        plain_message="A feed row cannot be used.",
    ),
}
