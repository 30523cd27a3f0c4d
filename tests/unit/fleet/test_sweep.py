"""Nornir's threaded runner with our processors: a defect costs its own host alone, Ctrl-C leaves a whole journal."""

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance.fleet.load import load_folder
from compliance.fleet.processors import Journal, Progress
from compliance.fleet.run import sweep_addresses, sweep_subjects
from compliance.fleet.session import Session, open_domains, open_session
from compliance.model.observation import Failure, FailureKind
from compliance.model.subject import Subject
from compliance.model.target import MailAddress
from tests.unit.fleet.folder import REQUIREMENTS, write

DOMAINS = [f"d{number}.example" for number in range(40)]


class Recorder:
    """A prober that writes down what it is put to, and breaks where it is told."""

    def __init__(self, breaks: str = "") -> None:
        self.asked: list[object] = []
        self._breaks = breaks

    def subject(self, subject: Subject) -> None:
        if subject.label == self._breaks:
            raise ZeroDivisionError("seven")
        self.asked.append(subject.label)

    def mail_host(self, address: MailAddress) -> None:
        self.asked.append(("ask", address.address))

    def mail_host_again(self, address: MailAddress) -> None:
        self.asked.append(("again", address.address))


class Book:
    """Stands for the store's journal."""

    def __init__(self) -> None:
        self.defects: list[tuple[str, str, Failure]] = []
        self.flushed = 0
        self.journal = Journal(lambda *what: self.defects.append(what), self.flush)

    def flush(self) -> None:
        self.flushed += 1


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.chdir(tmp_path)
    hosts = "".join(f"{name}: {{groups: [own_domain]}}\n" for name in DOMAINS)
    yield open_session(load_folder(write(tmp_path, hosts=hosts), REQUIREMENTS), workers=4)
    assert not (tmp_path / "nornir.log").exists()


def quiet() -> Progress:
    return Progress("x", quiet=True)


def test_a_defect_is_in_the_journal_and_the_run_goes_on(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    prober, book, progress = Recorder(breaks="d7.example"), Book(), quiet()
    assert sweep_subjects(session, prober, book.journal, progress) == ("d7.example",)
    assert sorted(map(str, prober.asked)) == sorted(set(DOMAINS) - {"d7.example"})
    ((target, question, failure),) = book.defects
    assert (target, question, failure.kind) == ("d7.example", "subject_task", FailureKind.DEFECT)
    assert failure.detail.startswith("ZeroDivisionError: seven (tests.unit.fleet.test_sweep:")
    assert (book.flushed, progress.done) == (41, 40)
    assert capsys.readouterr() == ("", "")


def test_a_host_with_a_defect_is_in_the_next_sweep_again(session: Session) -> None:
    sweep_subjects(session, Recorder(breaks="d7.example"), Book().journal, quiet())
    prober = Recorder()
    assert sweep_subjects(session, prober, Book().journal, quiet()) == ()
    assert "d7.example" in prober.asked


def test_addresses_are_each_asked_once_and_again_when_said(session: Session) -> None:
    addresses = [MailAddress(f"192.0.2.{number}", 25, ("mx.example",)) for number in (1, 2)]
    prober = Recorder()
    sweep_addresses(session, addresses, prober, Book().journal, quiet())
    sweep_addresses(session, addresses, prober, Book().journal, quiet(), again=True)
    asked = [(how, address.address) for how in ("again", "ask") for address in addresses]
    assert sorted(map(str, prober.asked)) == sorted(map(str, asked))


def test_trouble_with_the_journal_ends_the_run_after_the_sweep(session: Session) -> None:
    def full() -> None:
        raise OSError("disk full")

    prober = Recorder()
    with pytest.raises(OSError, match="disk full"):
        sweep_subjects(session, prober, Journal(lambda *what: None, full), quiet())
    assert len(prober.asked) == 40


def test_after_an_interrupt_nothing_new_begins_and_what_was_begun_ends() -> None:
    """The runner is left with its queue, as Ctrl-C leaves Nornir's: what waits there must come to nothing."""
    begun, ended, held = [], [], threading.Event()

    class Slow(Recorder):
        def subject(self, subject: Subject) -> None:
            begun.append(subject.label)
            held.wait(5)
            ended.append(subject.label)

    class Interrupted:
        def run(self, task, hosts):  # type: ignore[no-untyped-def]
            for host in hosts[:2]:
                threads.append(threading.Thread(target=task.copy().start, args=(host,)))
                threads[-1].start()
            while len(begun) < 2:
                time.sleep(0.01)
            for host in hosts[2:]:
                late.append(threading.Thread(target=lambda host=host: (held.wait(5), task.copy().start(host))))
                late[-1].start()
            threading.Timer(0.2, held.set).start()
            raise KeyboardInterrupt

    threads: list[threading.Thread] = []
    late: list[threading.Thread] = []
    session = open_domains(DOMAINS[:6])
    session = Session(session.nornir.with_runner(Interrupted()), session.subjects)
    book = Book()
    with pytest.raises(KeyboardInterrupt):
        sweep_subjects(session, Slow(), book.journal, quiet())
    assert sorted(ended) == DOMAINS[:2]
    assert book.flushed >= 1
    for thread in (*threads, *late):
        thread.join()
    assert sorted(begun) == DOMAINS[:2]


def test_without_a_terminal_progress_is_lines_that_end_at_the_total(session: Session) -> None:
    stream = io.StringIO()
    sweep_subjects(session, Recorder(), Book().journal, Progress("Spør DNS", stream=stream))
    assert stream.getvalue().splitlines() == ["Spør DNS: 0/40", "Spør DNS: 40/40"]


def test_progress_never_raises_whatever_the_terminal_does() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    prober = Recorder()
    sweep_subjects(open_domains(DOMAINS), prober, Book().journal, Progress("x", stream=Gone()))
    assert len(prober.asked) == 40


def test_workers_override_the_configured_number(session: Session) -> None:
    assert session.nornir.runner.num_workers == 4  # type: ignore[attr-defined]
    assert open_domains(DOMAINS, workers=3).nornir.runner.num_workers == 3  # type: ignore[attr-defined]
