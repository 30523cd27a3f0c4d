"""The TLS walk on scripted servers: what it finds, what it proves, and how many connections that costs."""

from dataclasses import replace

import pytest

from compliance.records.tls_classes import SUITES_12, SUITES_OLD, WEAK, KeyType
from compliance.records.tls_client_hello import SSL3, TLS11, TLS12, HelloOffer, build_hello
from compliance.records.tls_hello import Alert, Answer
from compliance.records.tls_profile import TlsProfile
from compliance.records.tls_question import HelloAnswer, HelloQuestion, Outcome, Question, Shown, drive_tls
from compliance.records.tls_strategy import Depth, tls_walk
from compliance.records.tls_suites import NAMES
from tests.unit.records.tls_servers import BY_NAME, OCSP, SOUND, Asking, Server, profile, record

RSA, ECDSA = KeyType.RSA, KeyType.ECDSA


def suites(*names: str) -> tuple[int, ...]:
    return tuple(BY_NAME[name] for name in names)


AES = suites("RSA_WITH_AES_128_CBC_SHA")
DHE = suites("DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE_RSA_WITH_AES_128_CBC_SHA")
ANON = suites("DH_anon_WITH_AES_128_CBC_SHA", "ECDH_anon_WITH_AES_256_CBC_SHA")
TRIPLE = suites("RSA_WITH_3DES_EDE_CBC_SHA")
RC4 = suites("RSA_WITH_RC4_128_SHA")
EXPORT = suites("RSA_EXPORT_WITH_RC4_40_MD5")
NULL = suites("RSA_WITH_NULL_SHA256")
OLD_ECDHE = suites("ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE_ECDSA_WITH_AES_128_CBC_SHA")
SSL2_HELLO = b"\x80\x11\x04\x00\x01\x00\x02\x00\x00\x00\x06\x00\x00\x01\x00\x80\x07\x00\xc0"
EVERY = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2")
ONLY12 = ("TLSv1.2",)
SMALLEST = HelloOffer(TLS12, AES)


def big(question: HelloQuestion) -> bool:
    return len(question.build()) > 255


def old(question: HelloQuestion) -> bool:
    return question.offer.version < TLS12


def unknown(question: HelloQuestion) -> bool:
    return not set(SOUND[:3]) & set(question.offer.sent_suites)


ROWS: list[tuple[str, Server, int, dict[str, object]]] = [
    ("sound", Server(), 5, {}),
    ("sound, RSA", Server(keys=(RSA,)), 5, {}),
    ("1.2 only", Server(ONLY12), 5, {"1.3": False}),
    ("1.3 only", Server(("TLSv1.3",)), 6, {"1.2": False, "compression": None, "reneg": None, "staple": None}),
    ("1.3 only, two certificates", Server(("TLSv1.3",), keys=(ECDSA, RSA)), 6, {"1.2": False, "compression": None, "reneg": None, "staple": None, "keys": {RSA, ECDSA}}),  # noqa: E501
    ("static RSA only", Server(ONLY12, AES, (RSA,)), 6, {"1.3": False, "static": AES}),
    ("RSA key exchange chosen and never carried out", Server(suites=SOUND + AES, keys=(RSA,), undone=True), 6, {}),
    ("static RSA beside", Server(suites=SOUND + AES, keys=(RSA,)), 6, {"static": AES}),
    ("3DES behind AES", Server(suites=AES + TRIPLE, keys=(RSA,)), 7, {"static": (*AES, *TRIPLE), "3des": TRIPLE}),
    ("3DES behind DHE and AES", Server(suites=SOUND + DHE + AES + TRIPLE, keys=(RSA,)), 8, {"static": (*AES, *TRIPLE), "3des": TRIPLE, "dhe": 2048}),  # noqa: E501
    ("RC4 only at 1.0", Server(("TLSv1", *ONLY12), keys=(RSA,), old_suites=OLD_ECDHE + RC4), 8, {"1.3": False, "1.0": True, "rc4": RC4}),  # noqa: E501
    ("export", Server(suites=SOUND + EXPORT, keys=(RSA,)), 6, {"static": EXPORT, "export": EXPORT, "rc4": EXPORT, "md5": EXPORT}),  # noqa: E501
    ("NULL", Server(ONLY12, SOUND + NULL, (RSA,)), 6, {"1.3": False, "static": NULL, "null": NULL}),
    ("anonymous preferred", Server(suites=ANON + SOUND + DHE), 6, {"anon": ANON[:1]}),
    ("two certificates", Server(keys=(ECDSA, RSA)), 6, {"keys": {ECDSA, RSA}}),
    ("two certificates, stapled", Server(keys=(RSA, ECDSA), staples=True), 6, {"keys": {ECDSA, RSA}, "staple": OCSP}),
    ("DHE 1024", Server(suites=SOUND + DHE, keys=(RSA,), prime=2**1023 + 1), 5, {"dhe": 1024}),
    ("DHE 2048", Server(suites=SOUND + DHE, keys=(RSA,)), 5, {"dhe": 2048}),
    ("compression", Server(compresses=True), 5, {"compression": True}),
    ("no secure renegotiation", Server(renegotiates=False), 5, {"reneg": False}),
    ("stapled", Server(staples=True), 5, {"staple": OCSP}),
    ("asks for a client certificate", Server(asks_certificate=True), 5, {"asked": True}),
    ("large hellos hang", Server(hangs=big), 6, {}),
    ("large hellos are decode errors", Server(alert=lambda question: 50 if big(question) else 40), 6, {}),
    ("silent to SSLv2", Server(ssl2=b""), 8, {}),
    ("closes on old versions and SSLv2", Server(hangs=old, ssl2=b""), 9, {}),
    ("closes on all but modern sessions", Server(("TLSv1.3",), hangs=lambda question: True, ssl2=b""), 12, {"1.2": False, "compression": None, "reneg": None, "staple": None}),  # noqa: E501
    ("closes on unknown suites", Server(hangs=unknown, ssl2=b""), 11, {}),
    ("turns down old versions by handshake_failure", Server(alert_to_old=40), 6, {}),
    ("closes in a burst", Server(burst=range(4, 6)), 8, {}),
    ("1.0 for who asks by name", Server(("TLSv1", *ONLY12), keys=(RSA,), old_suites=OLD_ECDHE + RC4, wants_name=True), 9, {"1.3": False, "1.0": True, "rc4": RC4}),  # noqa: E501
    ("accepts SSLv2", Server(ssl2=SSL2_HELLO), 5, {"ssl2": True}),
    ("1.0 to 1.2", Server(EVERY[1:], SOUND + OLD_ECDHE), 8, {"1.3": False, "1.0": True, "1.1": True}),
    ("everything", Server((*EVERY, "TLSv1.3"), SOUND + OLD_ECDHE + DHE + AES + RC4, (RSA,)), 11, {"1.0": True, "1.1": True, "ssl3": True, "static": AES + RC4, "rc4": RC4, "dhe": 2048}),  # noqa: E501
    ("1.0 only", Server(("TLSv1",), OLD_ECDHE + AES, (RSA,)), 6, {"1.3": False, "1.2": False, "1.0": True, "staple": None}),  # noqa: E501
    ("SSLv3 only", Server(("SSLv3",), AES, (RSA,), modern=False), 6, {"1.3": False, "1.2": False, "ssl3": True, "session": False, "staple": None}),  # noqa: E501
    ("RC4 at 1.0 alone", Server(("TLSv1",), RC4, (RSA,), modern=False), 7, {"1.3": False, "1.2": False, "1.0": True, "rc4": RC4, "session": False, "staple": None}),  # noqa: E501
]  # fmt: skip


def check(found: TlsProfile, want: dict[str, object], server: Server) -> None:
    versions = {"ssl2": "SSLv2", "ssl3": "SSLv3", "1.0": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3"}
    usual = {"1.2": True, "1.3": True}
    for word, version in versions.items():
        item = found.versions[version]
        assert (version, item.value, item.proven) == (version, want.get(word, usual.get(word, False)), True)
        assert item.questions
    for kind in WEAK:
        assert (kind, names(want.get(kind.value)), True) == (kind, found.weak[kind].value, found.weak[kind].proven)
    assert (found.anonymous.value, found.anonymous.proven) == (names(want.get("anon")), True)
    assert (found.without_forward_secrecy.value, found.without_forward_secrecy.proven) == (
        names(want.get("static")),
        True,
    )
    group = found.dhe_group.value
    assert (group and group.bits, found.dhe_group.proven) == (want.get("dhe"), True)
    assert (found.compression.value, found.compression.proven) == (want.get("compression", False), True)
    assert (found.renegotiation.value, found.renegotiation.proven) == (want.get("reneg", True), True)
    for key in (RSA, ECDSA):
        shown = key in want.get("keys", server.keys[:1])  # type: ignore[operator]
        assert (key, bool(found.certificates[key].value), found.certificates[key].proven) == (key, shown, True)
        if shown and want.get("staple", b"") is not None:
            assert (found.staples[key].value, found.staples[key].proven) == (want.get("staple", b""), True)
    assert found.client_certificate_asked.value is want.get("asked", False)


def names(found: object) -> tuple[str, ...]:
    assert found is None or isinstance(found, tuple)
    return tuple(NAMES[number] for number in found or ())


@pytest.mark.parametrize(("server", "connections", "want"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_light_walk_finds_and_proves(server: Server, connections: int, want: dict[str, object]) -> None:
    found, asking = profile(server)
    assert (asking.connections, asking.names) == (connections, asking.names)
    check(found, want, server)
    assert tuple(asking.names[1:]) == found.questions


def test_a_rate_limited_host_is_left_alone_and_nothing_is_held_against_it() -> None:
    found, asking = profile(Server(answers_before_end=3))
    assert asking.connections == 6
    assert asking.names[-1] == "session after"
    assert [found.versions[version].proven for version in ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")] == [False] * 4
    assert (found.versions["TLSv1.2"].value, found.compression.value, found.compression.proven) == (True, False, True)
    assert not any(item.proven for item in found.weak.values())


@pytest.mark.parametrize("burst", [range(4, 5), range(4, 6)])
def test_a_burst_of_closes_hides_no_old_version(burst: range) -> None:
    found, asking = profile(Server(("TLSv1", "TLSv1.2", "TLSv1.3"), SOUND + OLD_ECDHE, burst=burst))
    assert (found.versions["TLSv1"].value, found.versions["TLSv1"].proven) == (True, True)
    assert asking.names[-1] in {"hello ssl3_tls11 smaller late", "hello ssl2 smaller late"}


@pytest.mark.parametrize("burst", [range(7, 9), range(7, 8)])
def test_silence_that_is_met_once_more_refuses_only_what_is_followed_by_a_session(burst: range) -> None:
    found, asking = profile(Server(hangs=old, burst=burst))
    assert asking.names[5:] == ["session after", "hello ssl3_tls11 smaller late", "session late"]
    works = 8 not in burst
    assert [found.versions[version].proven for version in ("SSLv3", "TLSv1", "TLSv1.1")] == [works] * 3


def test_what_could_not_be_put_once_more_is_unproven() -> None:
    found, _ = profile(Server(hangs=old), budget=6)
    assert found.versions["TLSv1"].questions == ("hello ssl3_tls11", "session after", "hello ssl3_tls11 smaller late")
    assert not found.versions["TLSv1"].proven


def test_what_was_cut_short_tells_nothing_and_ends_the_asking() -> None:
    def answer(question: Question) -> HelloAnswer:
        asked.append(question.question)
        return HelloAnswer(Outcome.CUT)

    asked: list[str] = []
    found = drive_tls(tls_walk(Shown("TLSv1.3", "TLS_AES_128_GCM_SHA256", sni="mx.a.example")), answer)
    assert asked == ["hello weak12", "hello ssl3_tls11"]
    assert not any(found.versions[version].proven for version in ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"))


def test_an_old_hello_asks_by_name_where_it_is_to() -> None:
    offer = HelloOffer(TLS11, SUITES_OLD, "mx.a.example")
    assert b"mx.a.example" in build_hello(offer)
    assert b"mx.a.example" in build_hello(replace(offer, small=True))
    assert b"mx.a.example" not in build_hello(replace(offer, version=SSL3))


def test_a_host_that_turns_connections_away_is_asked_no_more() -> None:
    found, asking = profile(Server(), budget=3)
    assert asking.names == ["session", "hello weak12", "hello ordinary12", "hello ssl3_tls11", "hello ssl2"]
    assert not found.versions["SSLv2"].proven
    assert found.without_forward_secrecy.proven
    found, asking = profile(Server(), budget=1)
    assert asking.connections == 3
    assert (found.versions["TLSv1.3"].value, found.versions["TLSv1.3"].proven) == (True, True)
    assert not any(found.versions[version].proven for version in ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"))


@pytest.mark.parametrize(
    "garbage",
    [b"502 what?\r\n", record(22, b"\x02\x00\x00\x01\xff"), record(22, b"\x02\x00\x00\x40"), b"\x15\x03\x01\x00\x02\x02\x70"],  # noqa: E501
    ids=["SMTP", "short ServerHello", "cut", "unrecognized name"],
)  # fmt: skip
def test_garbage_proves_nothing(garbage: bytes) -> None:
    found, asking = profile(Server(instead=garbage))
    named = garbage.endswith(b"\x70")  # who names nobody is asked once more, by name
    assert asking.connections in ({6} if named else {5, 7})
    assert not any(found.versions[version].proven for version in ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"))
    assert not any(item.proven for item in (*found.weak.values(), found.compression, found.anonymous))


def test_a_suite_that_was_not_offered_is_garbage_and_ends_the_asking() -> None:
    always = Server(ONLY12).flight("TLSv1.2", AES[0], HelloQuestion("x", SMALLEST))
    found, asking = profile(Server(ONLY12, instead=always))
    assert asking.connections < 8
    assert found.without_forward_secrecy.proven


def test_silence_refuses_nothing_where_a_modern_handshake_fails_afterwards() -> None:
    found, _ = profile(Server(("SSLv3",), AES, (RSA,), modern=False, ssl2=b""))
    assert not found.versions["SSLv2"].proven
    assert found.versions["SSLv2"].questions == ("hello ssl2", "session after")


def test_silence_and_the_session_that_makes_it_a_refusal_are_cited() -> None:
    found, asking = profile(Server(ssl2=b""))
    wanted = ("hello ssl2", "session after", "hello ssl2 smaller late", "session late")
    assert found.versions["SSLv2"].questions == wanted
    assert tuple(asking.names[-4:]) == wanted


def test_where_large_hellos_hang_only_small_ones_are_put() -> None:
    server = Server(hangs=big, suites=SOUND + DHE + AES + TRIPLE, keys=(RSA,))
    found, asking = profile(server)
    assert asking.names[1:5] == [
        "hello weak12",
        "hello weak12 smaller",
        "hello weak12 2 smaller",
        "hello weak12 3 smaller",
    ]
    check(found, {"static": AES + TRIPLE, "3des": TRIPLE, "dhe": 2048, "staple": None}, server)


def test_a_full_walk_names_every_suite() -> None:
    server = Server((*EVERY[1:], "TLSv1.3"), SOUND + OLD_ECDHE + DHE + AES + TRIPLE + ANON + RC4 + EXPORT, (RSA, ECDSA))
    found, asking = profile(server, Depth.FULL)
    assert {name for version, name in found.suites if version == "TLSv1.2"} == set(names(server.suites))
    assert found.anonymous.value == names(ANON)
    assert set(found.weak_suites) == set(names(TRIPLE + RC4 + EXPORT))
    assert set(found.without_forward_secrecy.value) == set(names(AES + TRIPLE + RC4 + EXPORT))
    assert "hello all12 15" in asking.names
    assert "hello all_tls11 2" in asking.names
    assert asking.connections == 1 + 17 + 1 + 3 + 2 * 9 + 1


def test_the_same_answers_bring_the_same_questions() -> None:
    server = Server((*EVERY, "TLSv1.3"), SOUND + OLD_ECDHE + DHE + AES + RC4, (RSA,), ssl2=b"")
    first, second = profile(server), profile(server)
    assert first[0] == second[0]
    assert first[1].names == second[1].names


@pytest.mark.parametrize("depth", Depth)
def test_a_walk_ends_whatever_comes(depth: Depth) -> None:
    server = Server(EVERY, SUITES_12, (RSA, ECDSA, KeyType.DSA), ssl2=SSL2_HELLO)
    asking = Asking(server, limit=2000)
    drive_tls(tls_walk(server.shown(), depth), asking)
    assert asking.connections < (25 if depth is Depth.LIGHT else 600)


@pytest.mark.parametrize(("alert", "by_name"), [(80, True), (49, True), (40, True), (70, False)])
def test_an_old_hello_turned_down_for_naming_nobody_is_asked_by_name(alert: int, by_name: bool) -> None:
    def answer(question: Question) -> HelloAnswer:
        asked.append(question.question)
        return HelloAnswer(Outcome.REFUSED, Answer(alert=Alert(2, alert)))

    asked: list[str] = []
    found = drive_tls(tls_walk(Shown("TLSv1.3", "TLS_AES_128_GCM_SHA256", sni="mx.a.example")), answer)

    assert ("hello ssl3_tls11_sni" in asked) is by_name
    assert found.versions["TLSv1"].proven
    if by_name:
        assert found.versions["TLSv1"].questions == ("hello ssl3_tls11_sni",)
