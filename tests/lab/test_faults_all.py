"""No fault without a word for it and a test that orders it."""

import inspect
import re
from pathlib import Path

from trinity_beast.lab.faults import FAULTS


def test_every_fault_says_what_it_does_in_one_line() -> None:
    for verb, kind in FAULTS.items():
        said = inspect.getdoc(kind)
        assert said, verb
        assert said.endswith("."), verb
        assert not said.startswith(kind.__name__ + "("), f"{verb} has only the docstring a dataclass makes"


def test_every_fault_is_ordered_by_a_test_of_its_effect() -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_faults_*.py"))
    ordered = [verb for verb in FAULTS if re.search(rf'order\(f?"{verb}[ "]|fault\(f?"{verb} ', tests)]
    assert ordered == list(FAULTS)
