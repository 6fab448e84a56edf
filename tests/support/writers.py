"""`beast writer` as its starter sees it: a process to be stopped or killed."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.ministack import CREDENTIALS, REGION
from tests.support.processes import wait_until
from trinity_beast.settings import child_environment

STOP_SECONDS = 40.0


class WriterProcess:
    """A writer, started when made; `ready` once it takes messages."""

    def __init__(self, folder: Path, *, queue_url: str, endpoint_url: str, database_url: str, parameters: str = "") -> None:
        self._ready_file, self.log = folder / f"writer-{id(self)}.json", folder / f"writer-{id(self)}.log"
        settings = {
            "QUEUE_URL": queue_url,
            "AWS_ENDPOINT_URL": endpoint_url,
            "REGION": REGION,
            "DATABASE_URL": database_url,
            "BEAST_WRITER_HEALTH_PORT": "0",
            "BEAST_PARAMETERS": parameters,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [Path(sys.executable).with_name("beast"), "writer", "--ready-file", self._ready_file],
                env={**_without_aws(child_environment(settings)), **CREDENTIALS},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def ready(self) -> dict[str, Any]:
        """Wait until it takes messages, and return what it says of itself."""
        wait_until(lambda: self._ready_file.exists() or self.process.poll() is not None, "the writer was not ready")
        assert self.process.poll() is None, self.log.read_text(errors="replace")[-2000:]
        told: dict[str, Any] = json.loads(self._ready_file.read_text())
        return told

    def kill(self) -> None:
        """End it as a crash does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """End it in order and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def writer_process(folder: Path, **options: str) -> Iterator[WriterProcess]:
    """Run a writer for the length of a block; it is killed at the end if it still runs."""
    writer = WriterProcess(folder, **options)
    try:
        yield writer
    finally:
        writer.kill()


def _without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("AWS_") or name == "AWS_ENDPOINT_URL"}
