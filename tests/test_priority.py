import os
import threading

from trinity_beast.priority import BEHIND_THE_ENGINE, give_way


def test_a_thread_that_gives_way_takes_those_it_starts_with_it_and_nobody_else() -> None:
    found: list[int] = []

    def look() -> None:
        found.append(os.getpriority(os.PRIO_PROCESS, 0))

    def step_back() -> None:
        give_way()
        give_way()
        look()
        child = threading.Thread(target=look)
        child.start()
        child.join()

    before = os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=step_back)
    thread.start()
    thread.join()

    assert found == [max(before, BEHIND_THE_ENGINE)] * 2
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
