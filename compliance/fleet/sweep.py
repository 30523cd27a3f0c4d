"""The tasks of the two sweeps: one flat call per host. What is seen goes to the journal, not back."""

from typing import Protocol

from nornir.core.inventory import Host
from nornir.core.task import Result, Task

from compliance.fleet.subjects import nowhere, subject_of
from compliance.model.subject import Subject
from compliance.model.target import MailAddress

ADDRESS = "mail_address"
"""Data key under which a host of the second sweep carries its MailAddress."""


class Prober(Protocol):
    """Asks and journals. None of its methods raises for the world's trouble; an exception is a defect."""

    def subject(self, subject: Subject) -> object:
        """Ask about one entry of the inventory: its DNS walks, its policy, its submission ports."""

    def subject_again(self, subject: Subject) -> object:
        """Ask about one entry a second time, at the end of the run."""

    def mail_host(self, address: MailAddress) -> object:
        """Ask one mail host what it offers."""

    def mail_host_again(self, address: MailAddress) -> object:
        """Ask one mail host a second time, at the end of the run."""


def subject_task(task: Task, prober: Prober, *, again: bool = False) -> Result:
    """Put the questions of the first sweep, or the last ones, to one entry."""
    (prober.subject_again if again else prober.subject)(read_host(task.host))
    return Result(task.host)


def address_task(task: Task, prober: Prober, *, again: bool = False) -> Result:
    """Put the questions of the second sweep, or the last ones, to one mail-host address."""
    address: MailAddress = task.host.data[ADDRESS]
    (prober.mail_host_again if again else prober.mail_host)(address)
    return Result(task.host)


def read_host(host: Host) -> Subject:
    """Give the subject a host stands for; its inventory was checked when it was loaded."""
    return subject_of(host, nowhere, [], foreign=True)


def address_host(address: MailAddress) -> Host:
    """Give the host of the second sweep that stands for an address."""
    return Host(f"[{address.address}]:{address.port}", address.address, address.port, data={ADDRESS: address})
