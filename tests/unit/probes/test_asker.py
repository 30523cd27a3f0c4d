"""The memo: each question once, whoever asks, and a defect of ours is a record and no crash."""

import threading
import time
from dataclasses import replace

import pytest

from compliance.model.observation import Facts, Failure, FailureKind, Observation
from compliance.probes.asker import Asker

NOTHING: tuple[Facts | None, Failure | None] = (None, Failure(FailureKind.TIMEOUT, "query"))


class Journal:
    def __init__(self) -> None:
        self.written: list[Observation] = []

    def __call__(self, seen: Observation) -> Observation:
        self.written.append(seen)
        return replace(seen, id=f"o-{len(self.written):06d}")


def test_a_question_is_put_once_to_many_askers() -> None:
    journal, asked = Journal(), []
    asker = Asker(journal, "here", "u02 0")

    def act() -> tuple[Facts | None, Failure | None]:
        asked.append(1)
        time.sleep(0.1)
        return NOTHING

    seen: list[Observation] = []
    threads = [
        threading.Thread(target=lambda: seen.append(asker.ask("dns", "a", "A", act))) for _ in range(8)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == len(journal.written) == len(set(seen)) == 1
    assert (seen[0].id, seen[0].vantage, seen[0].tool) == ("o-000001", "here", "u02 0")
    assert seen[0].started.endswith("Z")
    assert len(seen[0].started) == len("2026-11-23T09:30:00.000Z")
    assert seen[0].seconds >= 0.1


def test_an_exception_is_a_defect() -> None:
    seen = Asker(Journal(), "", "").ask("dns", "a", "A", lambda: NOTHING[7])  # type: ignore[misc, return-value]
    assert seen.failure is not None
    assert seen.failure.kind is FailureKind.DEFECT
    assert "IndexError" in seen.failure.detail


def test_what_is_known_is_not_asked_again() -> None:
    journal = Journal()
    known = Asker(journal, "", "").ask("dns", "a", "A", lambda: NOTHING)
    again = Asker(journal, "", "", [known])
    assert again.ask("dns", "a", "A", lambda: pytest.fail("asked twice")) is known
    assert again.seen("a", "A") is known
    assert again.seen("a", "AAAA") is None
    assert again.all_seen() == (known,)


def test_a_journal_that_fails_is_no_answer() -> None:
    def full(_seen: Observation) -> Observation:
        raise OSError("disk full")

    asker = Asker(full, "", "")
    with pytest.raises(OSError, match="full"):
        asker.ask("dns", "a", "A", lambda: NOTHING)
    assert asker.seen("a", "A") is None
