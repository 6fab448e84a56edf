"""The page of a report needs nothing else, shows what there is, and lets no text of a report become markup."""

import re
from html.parser import HTMLParser

from hypothesis import given

from tests.stress.reports import UDP, a_report, a_step, reports
from trinity_beast.stress import Report
from trinity_beast.stress.page import page
from trinity_beast.stress.plots import Axis, Line, plot

VOID = {"meta"}


class Read(HTMLParser):
    """What a page is made of; every element must be closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.words: list[str] = []
        self.sources: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.sources += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "action", "data"}]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@given(reports)
def test_a_page_is_whole_and_fetches_nothing(report: Report) -> None:
    text = page(report)
    read = Read(text)
    assert read.sources == []
    assert not {"script", "link", "img", "iframe", "object"} & set(read.names)
    assert "url(" not in text
    assert "@import" not in text
    assert "nan" not in re.findall(r'(?:d|cx|cy|x|y)="([^"]*)"', text)


def test_every_step_has_its_row_and_every_target_its_plots() -> None:
    read = Read(page(a_report(a_step(30), a_step(300), a_step(30, target=UDP))))
    assert read.names.count("tr") == 3 + 2
    assert read.names.count("svg") == 2 + 3 * 2
    assert {"http://127.0.0.1:8080", "udp://127.0.0.1:2679"} <= set(read.words)


def test_what_failed_is_marked_and_plotted() -> None:
    text = page(a_report(a_step(30, good=3, failures={"timeout": 1}, target=UDP)))
    assert "1 lost" in text
    assert "75 %" in text
    assert 'class="bad"' in text
    assert "Success" in Read(text).words


def test_text_of_a_report_is_text() -> None:
    report = a_report(name="<script>alert('x')</script>&\"")
    read = Read(page(report))
    assert "script" not in read.names
    assert report.name in "".join(read.words)


def test_of_nothing_there_is_no_plot() -> None:
    axis = Axis("x", str, is_log=True)
    assert plot([Line("none", [], 0), Line("nothing", [(0.0, 5.0)], 1)], axis, Axis("y", str), label="nothing") == ""


def test_one_point_alone_is_drawn() -> None:
    drawn = plot([Line("one", [(5.0, 0.0)], 0)], Axis("x", str), Axis("y", str, least=0.0), label="one")
    assert "<circle" in drawn
