"""A fault in an input file is told with what to do about it."""

from compliance.cli.say import _lines
from compliance.strict import Fault, Faulty


def test_a_fault_without_a_suggestion_suggests_nothing() -> None:
    (bare,) = _lines(Faulty([Fault("hosts.yaml", 3, "unknown_key", {"key": "x", "expected": ""})]))
    (told,) = _lines(Faulty([Fault("hosts.yaml", 3, "unknown_key", {"key": "x", "expected": "y"})]))
    assert bare == "hosts.yaml:3: Feltet «x» er ukjent her. Fjern det."
    assert told.endswith("Rett det til: y.")
