"""The journal: every observation on a line of its own, numbered; a crash costs the line being written and no more."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from compliance.store import journal
from compliance.store.journal import Journal
from tests.unit.store.build import failed, observation


def _written(folder: Path) -> list[str]:
    return [seen.id for seen in journal.read(folder)]


def test_ids_are_given_in_order(tmp_path: Path) -> None:
    log = Journal(tmp_path)
    given = [log.append(observation()), log.append(failed())]
    log.close()

    assert [seen.id for seen in given] == ["o-000001", "o-000002"]
    assert journal.read(tmp_path) == tuple(given)


def test_a_line_is_there_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    log = Journal(tmp_path)
    log.append(observation())

    assert _written(tmp_path) == ["o-000001"]
    log.close()


@pytest.mark.parametrize(
    "text", ["a\nb", "a\rb", "a\u2028b\x85c\x0bd\x0c", "\x00\x1b[31m", "\ud7ff\uffff", '"\\', "blåbær"]
)
def test_strange_text_stays_on_its_line(tmp_path: Path, text: str) -> None:
    log = Journal(tmp_path)
    seen = [log.append(observation(text=text)), log.append(failed())]
    log.close()

    again = Journal(tmp_path)
    again.close()

    assert journal.read(tmp_path) == tuple(seen)
    assert again.known == tuple(seen)


@pytest.mark.parametrize("torn", [b"{", b'{"id":"o-000003","probe":"dn', b"\x00\x00\x00", b"\xc3"])
def test_a_torn_last_line_is_cut_and_ids_go_on(tmp_path: Path, torn: bytes) -> None:
    log = Journal(tmp_path)
    whole = (log.append(observation()), log.append(failed()))
    log.close()
    with (tmp_path / journal.NAME).open("ab") as file:
        file.write(torn)

    again = Journal(tmp_path)
    third = again.append(observation("b.example"))
    again.close()

    assert again.known == whole
    assert third.id == "o-000003"
    assert journal.read(tmp_path) == (*whole, third)


def test_a_journal_that_is_one_torn_line_is_empty(tmp_path: Path) -> None:
    (tmp_path / journal.NAME).write_bytes(b'{"id":')

    log = Journal(tmp_path)
    first = log.append(failed())
    log.close()

    assert log.known == ()
    assert journal.read(tmp_path) == (first,)


def test_a_spoilt_line_in_the_middle_is_named_and_nothing_cut(tmp_path: Path) -> None:
    log = Journal(tmp_path)
    log.append(observation())
    log.close()
    path = tmp_path / journal.NAME
    spoilt = path.read_bytes() + b'{"id":"o-000002"}\n' + path.read_bytes()
    path.write_bytes(spoilt)

    with pytest.raises(ValueError, match=r"^observations\.jsonl:2: "):
        Journal(tmp_path)
    with pytest.raises(ValueError, match=r"^observations\.jsonl:2: "):
        journal.read(tmp_path)
    assert path.read_bytes() == spoilt


def test_many_threads_each_get_an_id_and_a_whole_line(tmp_path: Path) -> None:
    log = Journal(tmp_path)
    with ThreadPoolExecutor(16) as pool:
        given = list(pool.map(lambda n: log.append(observation(f"d{n}.example", "x" * 3000)), range(200)))
    log.close()

    assert sorted(seen.id for seen in given) == [f"o-{n:06d}" for n in range(1, 201)]
    assert _written(tmp_path) == [f"o-{n:06d}" for n in range(1, 201)]
    assert set(journal.read(tmp_path)) == set(given)


def test_its_owner_alone_can_read_it(tmp_path: Path) -> None:
    Journal(tmp_path).close()

    assert (tmp_path / journal.NAME).stat().st_mode & 0o777 == 0o600


def test_a_closed_journal_takes_nothing_more(tmp_path: Path) -> None:
    log = Journal(tmp_path)
    log.close()

    with pytest.raises(ValueError, match="closed"):
        log.append(failed())
    log.sync()
    assert _written(tmp_path) == []
