"""What a person reads: every refusal's words, by code and language."""

from trinity_beast.content.model import Told
from trinity_beast.content.refusals import codes, language_told, refusals_for_engine, told

__all__ = ["Told", "codes", "language_told", "refusals_for_engine", "told"]
