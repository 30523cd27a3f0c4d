"""Where the canary sits, whom it takes mail for, the zone it needs, and what is sent to it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dns.zone
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from compliance.model.subject import Kind, Subject
from compliance.outbound.canary.keys import Keys
from compliance.outbound.canary.personas import personas
from compliance.outbound.canary.plan import (
    Place,
    PlanFault,
    Setup,
    checked,
    is_ours,
    new_round,
    read_round,
    read_setup,
    write_round,
    write_setup,
)
from compliance.outbound.canary.sending import hosts_of, marked
from compliance.outbound.canary.zone import policy_hosts, policy_text, zone_lines

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
FOUR = Setup("canary.example", ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"))
SHARED = Setup("canary.example", ("127.0.0.1",), turn_seconds=60)
ALL = Setup("canary.example", ("127.0.0.1",), tuple(personas()))


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"base": "localhost"}, "canary_no_base"),
        ({"base": "$(id).example"}, "canary_no_base"),
        ({"addresses": ("mx.example",)}, "canary_no_address"),
        ({"addresses": ()}, "canary_addresses"),
        ({"addresses": ("127.0.0.1", "127.0.0.2")}, "canary_addresses"),
        ({"addresses": ("127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.3")}, "canary_addresses"),
        ({"personas": ("sound", "friendly")}, "canary_no_persona"),
        ({"personas": ("sound", "sound"), "addresses": ("127.0.0.1",)}, "canary_no_persona"),
    ],
)
def test_a_setup_that_cannot_be_is_refused(change: dict[str, tuple[str, ...]], key: str) -> None:
    with pytest.raises(PlanFault) as caught:
        checked(replace(FOUR, **change))

    assert caught.value.key == key


def test_a_setup_is_kept_with_its_name_in_wire_form(tmp_path: Path) -> None:
    write_setup(tmp_path, replace(FOUR, base="Blåbær.example."))

    assert read_setup(tmp_path) == replace(FOUR, base="xn--blbr-roah.example")


def test_personas_with_an_address_each_are_met_there() -> None:
    assert [FOUR.persona_at(address, 9e6) for address in FOUR.addresses] == list(FOUR.personas)


def test_personas_on_one_address_take_turns() -> None:
    assert [SHARED.persona_at("127.0.0.1", at) for at in (0, 59, 60, 180, 239, 240)] == [
        "sound", "sound", "no-starttls", "broken-tlsa", "broken-tlsa", "sound",
    ]  # fmt: skip


def test_every_round_has_recipients_of_its_own(tmp_path: Path) -> None:
    rounds = [new_round(FOUR, ("a", "b"), tmp_path / "j", NOW) for _ in range(2)]
    first, second = (set(made.recipients) for made in rounds)
    write_round(tmp_path, rounds[0])

    assert (len(first), first & second) == (8, set())
    assert {address.partition("@")[2] for address in first} == {FOUR.domain(name) for name in FOUR.personas}
    assert all(len(address.partition("@")[0]) == 32 for address in first)
    assert read_round(tmp_path) == rounds[0]
    assert (tmp_path / "round.json").stat().st_mode & 0o077 == 0


def test_hosts_are_those_that_send_or_a_hand() -> None:
    sender = Subject("rele", "192.0.2.1", (Kind.OUTBOUND_HOST,), sends_for=("a.example",))
    other = Subject("a.example", "a.example", (Kind.OWN_DOMAIN,))

    assert hosts_of((other, sender)) == ("rele",)
    assert hosts_of((other,)) == ("by-hand",)


def test_every_message_goes_to_the_canary_and_is_from_the_hosts_own_domain(tmp_path: Path) -> None:
    made = new_round(FOUR, ("rele",), tmp_path / "j", NOW)
    messages = marked(FOUR, made, "rele", ("etaten.example",), NOW)

    assert {made.recipients[message.recipient] for message in messages} == {
        Place("rele", name) for name in FOUR.personas
    }
    assert {message.sender for message in messages} == {"postmaster@etaten.example"}
    assert all(f"To: <{message.recipient}>\r\n".encode() in message.text for message in messages)


def test_the_sound_persona_gets_one_from_every_domain_a_host_sends_for(tmp_path: Path) -> None:
    made = new_round(FOUR, ("rele",), tmp_path / "j", NOW)
    messages = marked(FOUR, made, "rele", ("a.example", "b.example", "c.example"), NOW)
    sent = [(made.recipients[each.recipient].persona, each.sender.partition("@")[2]) for each in messages]

    assert [domain for persona, domain in sent if persona == "sound"] == ["a.example", "b.example", "c.example"]
    assert [domain for persona, domain in sent if persona != "sound"] == ["a.example"] * 3


def test_a_round_of_another_base_sends_nothing(tmp_path: Path) -> None:
    made = new_round(replace(FOUR, base="elsewhere.example"), ("rele",), tmp_path / "j", NOW)

    with pytest.raises(PlanFault) as caught:
        marked(FOUR, made, "rele", ("etaten.example",), NOW)
    assert caught.value.key == "canary_not_ours"


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("x@sound.canary.example", True),
        ("x@canary.example", False),
        ("x@expired.canary.example", False),
        ("x@sound.canary.example.evil.example", False),
        ("x@evil.example@sound.canary.example", False),
        ("x", False),
    ],
)
def test_the_guard_knows_its_own(address: str, ours: bool) -> None:
    assert is_ours((address,), FOUR) is ours


def test_the_zone_of_every_persona_is_a_zone(tmp_path: Path) -> None:
    keys = Keys(tmp_path, ALL)
    text = "@ 300 IN SOA ns hostmaster 1 1 1 1 1\n@ 300 IN NS ns\nns 300 IN A 127.0.0.1\n"
    zone = dns.zone.from_text(text + "\n".join(zone_lines(ALL, keys)) + "\n", "canary.example.", relativize=False)
    tlsa = {str(name): str(data) for name, _, data in zone.iterate_rdatas("TLSA")}

    assert {str(name) for name, _, _ in zone.iterate_rdatas("MX")} == {f"{ALL.domain(name)}." for name in ALL.personas}
    assert set(tlsa) == {"_25._tcp.mx.sound.canary.example.", "_25._tcp.mx.broken-tlsa.canary.example."}
    assert tlsa["_25._tcp.mx.sound.canary.example."] == keys.tlsa("sound")
    assert tlsa["_25._tcp.mx.broken-tlsa.canary.example."] != keys.tlsa("broken-tlsa")
    assert zone.get_rdataset("_mta-sts.sts-mismatch.canary.example.", "TXT") is not None
    assert policy_hosts(ALL) == ("mta-sts.sts-mismatch.canary.example",)
    assert "mode: enforce\r\nmx: mx.elsewhere.canary.example\r\n" in policy_text(ALL)


def test_each_certificate_has_its_fault_alone(tmp_path: Path) -> None:
    keys = Keys(tmp_path, ALL)
    leaves = {name: found.chain[0] for name in ALL.personas if (found := keys.identity(name))}
    now = datetime.now(UTC)
    names = {
        name: leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.DNSName
        )
        for name, leaf in leaves.items()
    }

    assert "no-starttls" not in leaves
    assert [name for name, leaf in leaves.items() if leaf.not_valid_after_utc < now] == ["expired"]
    assert [name for name, found in names.items() if found != [ALL.host(name)]] == ["wrong-name"]
    assert [name for name, leaf in leaves.items() if "stranger" in leaf.issuer.rfc4514_string()] == ["untrusted"]


def test_keys_outlive_a_round_so_that_the_zone_stays_true(tmp_path: Path) -> None:
    assert Keys(tmp_path, FOUR).tlsa("sound") == Keys(tmp_path, FOUR).tlsa("sound")
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "keys").iterdir())


def test_a_certificate_from_outside_is_shown_by_the_sound_personas(tmp_path: Path) -> None:
    made = Keys(tmp_path, FOUR).identity("sound")
    assert made is not None
    pem, key = tmp_path / "outside.pem", tmp_path / "outside.key"
    pem.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in made.chain))
    key.write_bytes(made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    setup = replace(ALL, certificate=str(pem), key=str(key))
    keys = Keys(tmp_path / "other", setup)

    shown = {name for name in ALL.personas if (found := keys.identity(name)) and found.chain == made.chain}
    assert shown == {"sound", "broken-tlsa", "wrong-name", "old-tls", "sts-mismatch"}
    with pytest.raises(PlanFault):
        Keys(tmp_path / "other", replace(setup, key=str(tmp_path / "keys" / "untrusted.key")))
