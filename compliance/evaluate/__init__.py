"""Judging: requirements x subjects x observations x waivers -> findings. Pure: no network, no clock, no files."""

from compliance.evaluate.completeness import unlisted
from compliance.evaluate.findings import context_of, evaluate
from compliance.evaluate.summary import Summary, exit_code, is_own, summarise
from compliance.evaluate.vantage import vantage_items

__all__ = ["Summary", "context_of", "evaluate", "exit_code", "is_own", "summarise", "unlisted", "vantage_items"]
