"""The options that verbs of many capabilities share, each with one flag, one meaning and one sentence of help."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
DataDir = Annotated[Path | None, typer.Option(help="The node's data folder. Default: BEAST_DATA_DIR, or ./data.")]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="A file of settings: lines NAME = value, by the names of the environment.")
]
Url = Annotated[
    str, typer.Option(help="Where the node answers. Default: what the node of the data folder noted, else the price port here.")
]
AdminKey = Annotated[str, typer.Option("--admin-key", help="The admin key. Better left to ADMIN_KEY: others see what stands in a command.")]
Operator = Annotated[str, typer.Option("--as", metavar="NAME", help="Your name, for the record.")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]
Every = Annotated[float, typer.Option("--every", min=0.2, max=60, help="Seconds between two looks.")]
