"""The SPF tree as it is drawn: every branch with its cost and the sum, the faults in their place."""

from types import SimpleNamespace
from typing import Any

from compliance.records.dns_walk import DnsQuestion
from compliance.reporting.view.spf import SpfDrawing, spf_drawing
from compliance.reporting.words import LANGUAGES, Words
from tests.unit.records.answers import Zone, observation


def drawing(zone: Zone) -> SpfDrawing:
    kinds = {key: key.split(" ") if " " in key else ("TXT", key) for key in zone}
    known = {(name, kind): observation(DnsQuestion(name, kind), zone[key]) for key, (kind, name) in kinds.items()}
    source: Any = SimpleNamespace(dns=known)
    return spf_drawing(source, "a.example", "a.example")


def drawn(zone: Zone) -> list[tuple[int, str, int, int, list[str]]]:
    found = drawing(zone).root.walk()
    return [(depth, each.name, each.count, each.total, [note.key for note in each.notes]) for depth, each in found]


def spf(rest: str) -> tuple[str, ...]:
    return (f"v=spf1 {rest}",)


HOST = {"A h.example": ("192.0.2.1",), "AAAA h.example": ()}


def test_each_branch_has_its_cost_and_the_sum_so_far() -> None:
    zone = {
        "a.example": spf("a:h.example include:b.example include:c.example -all"),
        "b.example": spf("a:h.example include:d.example ~all"),
        "c.example": spf("ip4:192.0.2.1 -all"),
        "d.example": spf("a:h.example -all"),
        **HOST,
    }
    assert drawn(zone) == [
        (0, "a.example", 6, 6, []),
        (1, "b.example", 3, 5, []),
        (2, "d.example", 1, 5, []),
        (1, "c.example", 0, 6, []),
    ]
    assert not drawing(zone).bad


def test_the_eleventh_lookup_is_told_where_it_stands() -> None:
    zone = {"a.example": spf("include:b.example " + "a:h.example " * 9), "b.example": spf("a:h.example"), **HOST}
    root, below = drawn(zone)
    assert root == (0, "a.example", 11, 11, ["spf_tree_eleventh"])
    assert below == (1, "b.example", 1, 2, [])
    assert drawing(zone).bad


def test_faults_stand_in_their_place() -> None:
    zone = {
        "a.example": spf("include:gone.example include:two.example include:slip.example include:a.example a:v.example"),
        "gone.example": "NXDOMAIN",
        "two.example": ("v=spf1 -all", "v=spf1 +all"),
        "slip.example": spf("foo"),
        "A v.example": "NXDOMAIN",
        "AAAA v.example": "NXDOMAIN",
    }
    assert [(name, notes) for _, name, _, _, notes in drawn(zone)] == [
        ("a.example", ["spf_tree_void"]),
        ("gone.example", ["spf_tree_nothing"]),
        ("two.example", ["spf_tree_several"]),
        ("slip.example", ["spf_tree_syntax"]),
        ("a.example", ["spf_tree_loop"]),
    ]


def test_what_is_not_known_is_no_fault() -> None:
    zone = {"a.example": spf("include:%{i}.example include:u.example exists:%{i}.example -all"), "u.example": None}
    root = drawing(zone).root
    assert [note.key for _, each in root.walk() for note in each.open] == [
        "spf_tree_open",
        "spf_tree_macro",
        "spf_tree_unanswered",
    ]
    assert not drawing(zone).bad
    assert not any(each.faults for _, each in root.walk())


def test_a_record_of_thousands_is_drawn_in_part() -> None:
    root = drawing({"a.example": spf("include:%{i}.example " * 3000)}).root
    assert len(root.branches) == 40
    assert root.notes[-1].key == "spf_tree_more"


def test_every_note_is_said_in_every_language() -> None:
    zone = {"a.example": spf("include:a.example exists:%{i}.example " + "a:v.example " * 12), "A v.example": "NXDOMAIN"}
    for language in LANGUAGES:
        words = Words(language)
        said = {note.key: str(words.say(note)) for _, each in drawing(zone).root.walk() for note in each.notes}
        assert set(said) == {"spf_tree_loop", "spf_tree_open", "spf_tree_host_unanswered", "spf_tree_eleventh"}
        assert all(text != key and "{term" not in text for key, text in said.items())
