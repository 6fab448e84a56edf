"""Why a bench can give no figure. It is told in a sentence; no figure is invented in its place."""


class BenchImpossible(Exception):
    """This machine cannot run the bench: a part is missing and cannot be had."""


class RunBroken(Exception):
    """A run ended badly, or its answers were not what they should be: its figures mean nothing."""
