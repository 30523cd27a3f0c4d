"""What DNS knows of an address that sends: its names, and whether SPF lets it send (RFC 1912 2.1, RFC 7208 4)."""

from collections.abc import Callable

from compliance.model.names import is_plain, reverse_name
from compliance.model.observation import Observation
from compliance.model.subject import Subject
from compliance.records.dns_walk import DnsQuestion, drive, facts
from compliance.records.mail_route import MOST_NAMES_BACK, host_addresses
from compliance.records.spf_check import check_host
from compliance.records.spf_macro import Sender

Answer = Callable[[DnsQuestion], Observation]


def sending_address(subject: Subject, address: str, answer: Answer) -> None:
    """Ask all that receivers ask of an address a message comes from."""
    _way_back(address, answer)
    for domain in (*subject.sends_for, *filter(None, (subject.helo,))):
        drive(check_host(Sender(address, f"postmaster@{domain}", subject.helo)), answer)


def _way_back(address: str, answer: Answer) -> None:
    """Address to name to address (RFC 1912 section 2.1)."""
    seen = facts(answer(DnsQuestion(reverse_name(address), "PTR")))
    for record in seen.records[:MOST_NAMES_BACK] if seen else ():
        if is_plain(record.data):
            drive(host_addresses(record.data), answer)
