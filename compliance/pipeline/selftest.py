"""The self-test alone: what this machine can and cannot test, tried on the inventory's own mail hosts."""

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

from compliance.model.observation import Observation, VantageFacts, VantageItem
from compliance.model.subject import DOMAIN_KINDS, Subject
from compliance.model.target import MailAddress
from compliance.pipeline.observe import TOOL
from compliance.pipeline.prepare import vantage_name
from compliance.probes.asker import Asker
from compliance.probes.prober import Prober
from compliance.records.dns_walk import drive
from compliance.records.mail_route import mail_route
from compliance.settings import Settings

HOSTS_TRIED = 3


def selftest(settings: Settings, subjects: tuple[Subject, ...], folder: Path) -> tuple[VantageItem, ...]:
    """Try what a run needs, on at most three mail hosts of different domains; nothing is kept."""
    numbers = count(1)

    def keep(seen: Observation) -> Observation:
        return replace(seen, id=f"o-{next(numbers):06d}")

    asker = Asker(known=(), sink=keep, vantage=vantage_name(settings), tool=TOOL)
    prober = Prober(settings, asker, folder, os.environ)
    seen = prober.vantage(tuple(islice(_candidates(prober, subjects, settings.smtp.port), HOSTS_TRIED)))
    return seen.facts.items if isinstance(seen.facts, VantageFacts) else ()


def _candidates(prober: Prober, subjects: tuple[Subject, ...], port: int) -> Iterator[MailAddress]:
    """Mail hosts to try the port on: the best MX of each domain, each address once."""
    tried: set[str] = set()
    for subject in subjects:
        if subject.domain_kind not in DOMAIN_KINDS:
            continue
        route = drive(mail_route(subject.hostname), prober.answer)
        for host in route.hosts[:1]:
            for address in host.addresses[:1]:
                if address not in tried:
                    tried.add(address)
                    yield MailAddress(address, port, (host.name,))
