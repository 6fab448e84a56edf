"""The English texts."""

from trinity_beast.content.english_for_callers import FOR_CALLERS
from trinity_beast.content.english_for_feeds import FOR_FEEDS
from trinity_beast.content.english_for_operators import FOR_OPERATORS
from trinity_beast.content.english_for_stress import FOR_STRESS
from trinity_beast.content.model import Catalogue

ENGLISH = Catalogue(language="en", direction="ltr", refusals={**FOR_CALLERS, **FOR_OPERATORS, **FOR_FEEDS, **FOR_STRESS})
