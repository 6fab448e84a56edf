"""Matches made into functions: does this frame hold what is wanted."""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from trinity_beast.feeds.grammar.digits import Number
from trinity_beast.feeds.grammar.paths import Member, Path
from trinity_beast.feeds.grammar.wanted import Absent, AnyOf, AtLeast, Differs, Exactly, Glob, Match, Present, Wanted, is_number
from trinity_beast.feeds.reading.getters import all_of, one_of

Condition = Callable[[object], bool]


def condition(match: Match) -> Condition:
    """Return the function that says whether a frame (or a REST row) matches: every term holds."""
    terms = [_term(path, wanted) for path, wanted in match.terms]
    if len(terms) == 1:
        return terms[0]
    if len(terms) == 2:
        first, second = terms
        return lambda value: first(value) and second(value)
    return lambda value: all(term(value) for term in terms)


def _term(path: Path, wanted: Wanted) -> Condition:
    will_do = tester(wanted)
    if all(isinstance(step, Member) for step in path.steps) and not path.cuts:
        get = one_of(path)
        return lambda value: will_do(get(value))
    every = all_of(path)
    if will_do(None):  # Absence is wanted: no value at all will do, and of several not one may stand in the way.
        return lambda value: all(will_do(found) for found in every(value))
    return lambda value: any(will_do(found) for found in every(value))


def tester(wanted: Wanted) -> Condition:
    """Return the function that says whether one value will do; what is not there is given as None."""
    if isinstance(wanted, AnyOf):
        tests = [tester(option) for option in wanted.options]
        return lambda value: any(test(value) for test in tests)
    if isinstance(wanted, Present | Absent):
        there = isinstance(wanted, Present)
        return lambda value: (value is not None) is there
    if isinstance(wanted, Glob):
        return _glob(wanted.pattern)
    if isinstance(wanted, Differs):
        return _differs(wanted.text)
    if isinstance(wanted, AtLeast):
        least = wanted.number
        return lambda value: (number := number_of(value)) is not None and number >= least
    return _exactly(wanted)


def _exactly(wanted: Exactly) -> Condition:
    value = wanted.value
    if isinstance(value, str):
        return lambda found: type(found) is str and found == value
    if isinstance(value, bool):
        return lambda found: found is value
    number = Decimal(str(value))
    return lambda found: type(found) in (int, Number) and number_of(found) == number


def _glob(pattern: str) -> Condition:
    start, star, rest = pattern.partition("*")
    if star and not rest:
        return lambda found: type(found) is str and found.startswith(start)
    if not star:
        return lambda found: type(found) is str and found == pattern
    first, *middle, last = pattern.split("*")
    return lambda found: type(found) is str and _is_made_of(found, first, middle, last)


def _is_made_of(text: str, first: str, middle: list[str], last: str) -> bool:
    """Return whether the pieces stand in `text` in their order. Taking each at its leftmost place, it never has to go back."""
    end = len(text) - len(last)
    if end < len(first) or not text.startswith(first) or not text.endswith(last):
        return False
    place = len(first)
    for piece in middle:
        place = text.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return True


def _differs(text: str) -> Condition:
    if not is_number(text):
        return lambda found: found is not None and not (type(found) is str and found == text)
    number = Decimal(text)
    return lambda found: found is not None and number_of(found) != number


def number_of(value: object) -> Decimal | None:
    """Return a number, or a text that is one, as a decimal; None for all else."""
    if type(value) is int:
        return Decimal(value)
    if isinstance(value, Number) or (isinstance(value, str) and is_number(value)):
        try:
            return Decimal(value)
        except InvalidOperation:  # An exponent beyond what decimals hold.
            return None
    return None
