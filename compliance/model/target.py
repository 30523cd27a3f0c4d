"""Targets of the second sweep: mail-host addresses, each asked once and cited by every domain that uses it."""

from dataclasses import dataclass

from compliance.model.names import mail_host_target


@dataclass(frozen=True, slots=True)
class MailAddress:
    """One address and port, with every MX name that leads to it (wire form, sorted).

    `ours` tells that an inventory entry with `managed_by: own` stands for it: only there may more than an
    ordinary session be asked. `envelopes` are the partners whose mail it may take only inside TLS, each with a domain
    that it receives for.
    """

    address: str
    port: int
    names: tuple[str, ...]
    ours: bool = False
    envelopes: tuple[tuple[str, str], ...] = ()

    def target(self, name: str) -> str:
        """Give the contract's target name for one of the names."""
        return mail_host_target(name, self.address, self.port)
