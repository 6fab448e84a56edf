"""Coins that have had another name, or have one at some venues. Facts, not rules: each with where it comes from."""

RENAMED = (
    ("RNDR", "RENDER"),
    ("MATIC", "POL"),
    ("FTM", "S"),
    ("CELO", "CGLD"),
    ("XBT", "BTC"),
    ("XDG", "DOGE"),
    ("NANO", "XNO"),
)
"""Source: docs/exchanges.md and the product lists it names, read 2026-11-20. NANO is XNO wherever it is listed today."""


def also_called(name: str) -> tuple[str, ...]:
    """Return a coin's name and every other it has, the one asked for first."""
    others = [other for pair in RENAMED if name in pair for other in pair if other != name]
    return (name, *others)
