"""Which Trinity Beast this is."""

from importlib.metadata import version

VERSION = version("trinity-beast")
