"""The lab's domains: each has one fault, or none, and its name says which."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Address

from tests.lab.cases.case import Case, Sts
from tests.lab.cases.dialects import DIALECTS
from tests.lab.cases.exim import EXIM
from tests.lab.cases.opensmtpd import OPENSMTPD
from tests.lab.cases.policies import POLICIES
from tests.lab.cases.postfix import POSTFIX
from tests.lab.cases.s_server import S_SERVER
from tests.lab.private import left_out

__all__ = ["CASES", "Case", "Sts"]

RESOLVER, RESOLVER_PORT = "127.41.0.1", 5300
NAME_SERVER, NAME_SERVER_PORT = "127.41.0.2", 5300
POLICY_HOST = "127.41.0.3"
BEHIND = "127.41.0.4"  # the Postfix behind every proxy
SENDER = "127.41.0.10"
_FIRST_HOST = IPv4Address("127.41.0.11")
_EVERY = (*POSTFIX, *EXIM, *OPENSMTPD, *S_SERVER, *DIALECTS, *POLICIES)
#: Some servers cannot be started everywhere; a test says so.
_ALL = [case for case in _EVERY if not left_out(case.daemon)]


def _placed() -> Iterator[Case]:
    """Give each case its host's address; without a server of its own, that of the sound one, which is the first."""
    number = 0
    for case in _ALL:
        yield replace(case, address=str(_FIRST_HOST + (number if case.server else 0)))
        number += case.server


#: Every domain of the lab by the name of its case.
CASES: Mapping[str, Case] = {case.name: case for case in _placed()}
