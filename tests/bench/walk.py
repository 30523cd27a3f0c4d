"""Our own program's side: Prober.mail_host driven directly, and its conclusions read out of its observations."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path

from compliance.model.observation import FailureKind, HelloFacts, Observation, SmtpFacts
from compliance.model.target import MailAddress
from compliance.probes.asker import Asker
from compliance.probes.prober import SESSION, Prober
from compliance.records.tls_profile import TlsProfile
from compliance.records.tls_question import HelloAnswer, Question, answer_of, drive_tls, first_shown
from compliance.records.tls_strategy import Depth as WalkDepth
from compliance.records.tls_strategy import tls_walk
from compliance.settings import Depth, Organisation, Settings, SmtpSettings
from tests.bench.outside import Absent, Aim


class Walk:
    """Our own program at one depth: Prober.mail_host for each host, a thread for each."""

    def __init__(self, depth: WalkDepth, folder: Path, budget: int = 12) -> None:
        self.name, self._depth, self._folder, self._budget = f"u02 {depth}", depth, folder, budget
        self.profiles: dict[str, TlsProfile] = {}
        self.booked: tuple[int, ...] = ()

    def ask(self, aims: Sequence[Aim], within: float) -> None:
        """Walk through all of them, with an empty memory."""
        full = self._depth is WalkDepth.FULL
        smtp = SmtpSettings(
            port=aims[0].port,
            depth=Depth.FULL if full else Depth.LIGHT,
            session_timeout=min(60.0, within),
            connections_per_address=self._budget,
        )
        numbers = count(1)
        asker = Asker(lambda seen: replace(seen, id=f"o-{next(numbers):06d}"), "bench", "bench")
        settings = Settings(Organisation("Labetaten"), ehlo="probe.example", smtp=smtp)
        prober = Prober(settings, asker, self._folder, {})
        hosts = [MailAddress(aim.address, aim.port, (aim.name,), ours=full) for aim in aims]
        with ThreadPoolExecutor(len(hosts)) as pool:
            list(pool.map(prober.mail_host, hosts))
        self.booked = tuple(
            sum(_booked(seen) for seen in asker.all_seen() if aim.address in seen.target) for aim in aims
        )
        troubles = [seen for seen in asker.all_seen() if _is_wrong(seen)]
        if troubles:
            raise Absent("; ".join(f"{seen.question}: {seen.failure}" for seen in troubles)[:300])
        self.profiles = {host.names[0]: _profile(asker, host, self._depth) for host in hosts}

    def accepted(self) -> dict[str, set[tuple[str, str]]]:
        """Give the (version, suite) pairs seen accepted, by the host's name."""
        return {name: set(profile.suites) for name, profile in self.profiles.items()}


def _is_wrong(seen: Observation) -> bool:
    """A refusal is an answer; that our budget is used up, or that nothing came, is not what is to be timed."""
    kinds = {FailureKind.DEFECT, FailureKind.LIMITED, FailureKind.TIMEOUT, FailureKind.REFUSED, FailureKind.NO_ROUTE}
    return seen.failure is not None and seen.failure.kind in kinds


def _booked(seen: Observation) -> int:
    """The connections of an observation as the evidence has them; a handshake that failed has no facts of its own."""
    return seen.facts.connections if isinstance(seen.facts, SmtpFacts | HelloFacts) else 1


def _profile(asker: Asker, host: MailAddress, depth: WalkDepth) -> TlsProfile:
    """Read the walk's conclusions out of its observations."""
    target = host.target(host.names[0])

    def answer(question: Question) -> HelloAnswer:
        return answer_of(question, asker.seen(target, question.question))

    session = asker.seen(target, SESSION)
    return drive_tls(tls_walk(first_shown([session] if session else []), depth), answer)
