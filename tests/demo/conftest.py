"""What the tests of the tour may ask for."""

from tests.stress.conftest import node

__all__ = ["node"]
