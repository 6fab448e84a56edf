"""The composition root: every part of a node built once and joined, by plain constructor calls.

`ground` is what all stand on, `market` the price side, `gates` the access side, `metering` what becomes of usage, `working`
what is done by itself, `syncing` the shared cache's mirror, `doors` the apps and ports, `modes` what each `SERVER_TYPE` runs,
`writing` the writer, which is a process of its own.
"""

from trinity_beast.compose.ground import Ground, ground
from trinity_beast.compose.market import held_prices
from trinity_beast.compose.modes import Services, services
from trinity_beast.compose.syncing import run_sync
from trinity_beast.compose.writing import run_writer

__all__ = ["Ground", "Services", "ground", "held_prices", "run_sync", "run_writer", "services"]
