"""What a canary is set up as (kept between rounds), and the recipients of one round (made anew each time)."""

import ipaddress
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from compliance.model.canary import PersonaNote
from compliance.model.names import NameFault, is_address, is_domain, to_ascii
from compliance.outbound.canary.personas import Persona, personas
from compliance.store.files import read_json, write_json

_STRICT: dict[str, str] = {"extra": "forbid"}
FIRST = ("sound", "no-starttls", "untrusted", "broken-tlsa")
SETUP, ROUND = "setup.json", "round.json"
_TOKEN_BYTES = 16  # 128 bits: nobody guesses a recipient


class PlanFault(Exception):  # noqa: N818 - a fault of what was asked for
    """A canary that cannot be set up as asked; `key` names the text in texts/cli.yaml."""

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


@dataclass(frozen=True, slots=True)
class Setup:
    """Where the canary sits. `addresses`: one each for the personas in order, or a single one they share in turn.

    `certificate` and `key` are PEM files of a certificate the world trusts; without them the canary makes its own.
    """

    __pydantic_config__: ClassVar = _STRICT
    base: str
    addresses: tuple[str, ...]
    personas: tuple[str, ...] = FIRST
    port: int = 25
    turn_seconds: int = 3600
    certificate: str = ""
    key: str = ""

    @property
    def shares(self) -> bool:
        """Whether all personas sit at one address, and take turns."""
        return len(self.addresses) == 1 and len(self.personas) > 1

    def domain(self, persona: str) -> str:
        """Give a persona's mail domain."""
        return f"{persona}.{self.base}"

    def host(self, persona: str) -> str:
        """Give the name of a persona's mail host."""
        return f"mx.{self.domain(persona)}"

    def address(self, persona: str) -> str:
        """Give the address a persona is met at."""
        return self.addresses[0 if self.shares else self.personas.index(persona)]

    def persona_at(self, address: str, since: float) -> str:
        """Give who is met at an address, `since` seconds after the round began."""
        if self.shares:
            return self.personas[int(since // self.turn_seconds) % len(self.personas)]
        return self.personas[self.addresses.index(address)]

    def behaviour(self, persona: str) -> Persona:
        """Give how a persona behaves."""
        return personas()[persona]

    def notes(self) -> tuple[PersonaNote, ...]:
        """Give the personas as the journal names them."""
        return tuple(self._note(name, self.behaviour(name)) for name in self.personas)

    def _note(self, name: str, is_: Persona) -> PersonaNote:
        return PersonaNote(name, self.address(name), is_.starttls, is_.certificate, is_.tlsa, is_.versions, is_.sts)


def checked(setup: Setup) -> Setup:
    """Give a setup with its names in wire form; raises PlanFault for one that cannot be."""
    try:
        base = to_ascii(setup.base)
    except NameFault:
        base = ""
    if not is_domain(base):
        raise PlanFault("canary_no_base", word=setup.base)
    for word in setup.addresses:
        if not is_address(word):
            raise PlanFault("canary_no_address", word=word)
    for word in setup.personas:
        if word not in personas():
            raise PlanFault("canary_no_persona", word=word, known=", ".join(personas()))
    addresses = tuple(str(ipaddress.ip_address(word)) for word in setup.addresses)
    if len(set(addresses)) != len(addresses) or len(addresses) not in {1, len(setup.personas)}:
        raise PlanFault("canary_addresses", addresses=str(len(addresses)), personas=str(len(setup.personas)))
    if len(set(setup.personas)) != len(setup.personas):
        raise PlanFault("canary_no_persona", word=setup.personas[-1], known=", ".join(personas()))
    return Setup(base, addresses, setup.personas, setup.port, setup.turn_seconds, setup.certificate, setup.key)


@dataclass(frozen=True, slots=True)
class Place:
    """Whom a recipient stands for."""

    __pydantic_config__: ClassVar = _STRICT
    host: str
    persona: str


@dataclass(frozen=True, slots=True)
class Round:
    """One round's recipients: the only addresses the canary takes mail for. `journal` is where its facts go."""

    __pydantic_config__: ClassVar = _STRICT
    round: str
    base: str
    started: str
    journal: str
    recipients: Mapping[str, Place] = field(repr=False)

    def recipient(self, host: str, persona: str) -> str:
        """Give the whole address for a host and a persona."""
        return next(address for address, place in self.recipients.items() if place == Place(host, persona))


def new_round(setup: Setup, hosts: Sequence[str], journal: Path, now: datetime) -> Round:
    """Make a round: an address nobody can guess for each host and persona."""
    recipients = {
        f"{secrets.token_hex(_TOKEN_BYTES)}@{setup.domain(persona)}": Place(host, persona)
        for host in hosts
        for persona in setup.personas
    }
    name = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return Round(name, setup.base, now.astimezone(UTC).isoformat(timespec="seconds"), str(journal), recipients)


def write_setup(folder: Path, setup: Setup) -> None:
    """Keep the setup in the canary's folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_json(folder / SETUP, setup)


def read_setup(folder: Path) -> Setup:
    """Read the setup; raises Spoilt, OSError or PlanFault."""
    return checked(read_json(folder / SETUP, Setup))


def write_round(folder: Path, made: Round) -> None:
    """Keep the round's recipients beside the setup, for those who send."""
    write_json(folder / ROUND, made)
    (folder / ROUND).chmod(0o600)


def read_round(folder: Path) -> Round:
    """Read the round; raises Spoilt or OSError."""
    return read_json(folder / ROUND, Round)


def is_ours(recipients: Iterable[str], setup: Setup) -> bool:
    """Tell whether every recipient is at a persona of this canary: the guard before anything is sent."""
    own = {setup.domain(persona) for persona in setup.personas}
    return all(address.count("@") == 1 and address.partition("@")[2] in own for address in recipients)
