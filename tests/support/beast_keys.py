"""`beast keys` alone, as a program: `python -m tests.support.beast_keys DATA_DIR [--database-url URL] VERB …`."""

import sys
from pathlib import Path

from trinity_beast.access import Where
from trinity_beast.access.commands import keys_app
from trinity_beast.clock import SystemClock
from trinity_beast.randomness import SystemSecrets
from trinity_beast.storage import Whereabouts

if __name__ == "__main__":
    folder, database_url = Path(sys.argv[1]), sys.argv[2]
    app = keys_app(lambda other: Where(Whereabouts(other or folder, database_url)), SystemClock(), SystemSecrets())
    app(sys.argv[3:])
