"""Judging: requirements x subjects x observations x waivers -> findings. Pure: no network, no clock, no files."""

from compliance.evaluate.findings import evaluate
from compliance.evaluate.summary import Summary, exit_code, is_own, summarise

__all__ = ["Summary", "evaluate", "exit_code", "is_own", "summarise"]
