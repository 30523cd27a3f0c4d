"""A sending Exim's own main log as evidence: under TLS, in clear, and what came in."""

from collections.abc import Mapping
from pathlib import Path

from compliance.model.finding import Finding
from compliance.model.supplied import Counterparty
from compliance.pipeline.partners import count
from tests.lab.sending import HOST, SendingExim, judged_with, serving, submit, until
from tests.lab.world import World

TLS = "+tls_cipher +tls_certificate_verified"
OTHER_HOST = "127.41.0.7"
#: Who is sent to, and what Exim says of the certificate: DANE holds, the roots hold, neither does.
ENCRYPTED = {"strong": "CV=dane", "unsigned": "CV=yes", "self-signed": "CV=no", "asks-certificate": "CV=dane"}


def delivered(world: World, *names: str) -> list[str]:
    return [f"=> postmaster@{world.cases[name].domain}" for name in names]


def judged(run: Path, evidence: Path, log: str) -> Mapping[str, Finding]:
    """Judge the run with the log as evidence; gives the findings on the sending host."""
    (evidence / "logs").mkdir(parents=True)
    (evidence / "logs/mainlog").write_text(log)
    return {found.requirement: found for found in judged_with(run, evidence) if found.subject == HOST}


def told(found: Finding) -> str:
    return f"{found.status} {found.targets[0].reason}"


def test_a_log_of_exim_proves_that_the_host_encrypts_and_shows_when_it_did_not(
    world: World, measured: Path, tmp_path: Path
) -> None:
    server = SendingExim(world, "exim-sender", TLS)
    with serving(server):
        for name in ("strong", "no-starttls"):
            submit(server, world.cases[name].domain)
            until(server.main_log, server, *delivered(world, name))
        server.old.touch()
        submit(server, world.cases["unsigned"].domain)
        until(server.main_log, server, *delivered(world, "unsigned"))
        server.old.unlink()
        submit(server, world.cases["sound"].domain)
        sound = until(server.main_log, server, *delivered(world, "sound"))
        server.plain.touch()
        submit(server, world.cases["unsigned"].domain)
        until(server.main_log, server, *delivered(world, "unsigned"), times=2)
        server.plain.unlink()
        submit(server, world.cases["strong"].domain)
        spoilt = until(server.main_log, server, *delivered(world, "strong"), times=2)
    found = judged(measured, tmp_path / "exim-sound", sound)
    encrypts = found["U02-1a-1"]

    assert told(encrypts) == "pass sent_encrypted"
    assert encrypts.targets[0].values["count"] == 2
    assert {each.notice: each.values["count"] for each in encrypts.targets[0].notices} == {
        "sent_clear_unoffered": 1,
        "sent_clear_after_failure": 1,
    }
    assert told(found["U02-1a-2"]) == "pass sent_with_strong_tls"
    assert encrypts.origin == "supplied"

    clear = judged(measured, tmp_path / "exim-spoilt", spoilt)["U02-1a-1"].targets[0]

    assert (clear.status, clear.reason) == ("fail", "sent_clear_though_offered")
    assert (clear.values["count"], clear.values["hosts"]) == (1, [world.cases["unsigned"].host])


def test_every_way_to_write_the_log_is_read(world: World) -> None:
    """With all selectors: ports, our own side, SNI, times in milliseconds, process ids."""
    server = SendingExim(world, "exim-telling", "+all")
    domains = [world.cases[name].domain for name in (*ENCRYPTED, "no-starttls")]
    with serving(server):
        submit(server, "sound.example", sender="strong.example", source=OTHER_HOST, tls=True)
        submit(server, "sound.example", sender="ecdsa.example", source=OTHER_HOST)
        submit(server, *domains)
        submit(server, "sound.example", sender="strong.example", source=OTHER_HOST, tls=True)
        log = until(server.main_log, server, *delivered(world, *ENCRYPTED, "no-starttls", "sound"))
    rows = read(server.main_log)

    for name, verified in ENCRYPTED.items():
        (line,) = (line for line in log.splitlines() if delivered(world, name)[0] in line)
        assert verified in line
        flow = rows[world.cases[name].domain].to
        assert (flow.encrypted, flow.clear, flow.unknown) == (1, 0, 0)
    assert rows["no-starttls.example"].to.encrypted == 0
    assert rows["strong.example"].from_.encrypted == 2
    assert rows["ecdsa.example"].from_.clear == 1


def read(log: Path) -> Mapping[str, Counterparty]:
    """Give what `u02 partners` counts, each line having been read."""
    counted = count([log], 92, lambda _seen: None, (), grouped=False)
    assert [each.file.not_read for each in counted.logs] == [0]
    return {party.domain: party for party in counted.parties}


def test_a_log_without_ciphers_proves_nothing(world: World) -> None:
    server = SendingExim(world, "exim-silent", "-tls_cipher")
    with serving(server):
        submit(server, "strong.example")
        until(server.main_log, server, *delivered(world, "strong"))

    assert read(server.main_log)["strong.example"].to.unknown == 1
