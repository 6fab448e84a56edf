"""The composition root: every part of a node built once and joined, by plain constructor calls.

`ground` is what all stand on, `market` the price side, `gates` the access side, `metering` what becomes of usage, `working` what is done by
itself, `doors`
the apps and ports, `modes` what each `SERVER_TYPE` runs.
"""

from trinity_beast.compose.ground import Ground, ground
from trinity_beast.compose.modes import Services, services

__all__ = ["Ground", "Services", "ground", "services"]
