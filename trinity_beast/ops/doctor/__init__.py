"""Is this machine fit to run a node? Everything it stands on is looked at, and the fix told for whatever is not good."""

from trinity_beast.ops.doctor.certificates import certificate_looks
from trinity_beast.ops.doctor.machine import Machine
from trinity_beast.ops.doctor.model import Diagnosis, Listener, Standing
from trinity_beast.ops.doctor.service import Doctor, Premises

__all__ = ["Diagnosis", "Doctor", "Listener", "Machine", "Premises", "Standing", "certificate_looks"]
