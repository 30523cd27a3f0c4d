"""How the mail hosts of the golden world behave: one persona, one fault (or none)."""

from dataclasses import dataclass, field, replace

_CAPABILITIES = (b"SIZE 35882577", b"8BITMIME")
_STARTTLS = b"STARTTLS"


@dataclass(frozen=True, slots=True)
class TlsManners:
    """How a host does TLS. `ciphers` is OpenSSL's list; older = TLS 1.0 and 1.1 are accepted too."""

    ciphers: str = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM"
    older: bool = False
    newest_is_12: bool = False
    only_older: bool = False
    asks_client: bool = False
    dh_1024: bool = False
    keeps_injected: bool = False  # commands sent in clear behind STARTTLS are obeyed inside TLS (CVE-2011-0411)
    never_begins: bool = False  # says 220 and then nothing that is TLS


@dataclass(frozen=True, slots=True)
class Persona:
    """How a host talks. `{name}` in greeting and reply lines is the host's name; a line's code is put in front."""

    greeting: bytes = b"220 {name} ESMTP"
    wait: float = 0.0  # seconds before the greeting
    mute: bool = False  # accepts the connection and never says a word
    hangs_up: bool = False  # closes after the greeting
    ehlo: tuple[bytes, ...] = (*_CAPABILITIES, _STARTTLS)
    ehlo_code: int = 250
    starttls_reply: bytes = b"220 2.0.0 Ready to start TLS"
    flood: int = 0  # bytes of EHLO reply before its last line
    tls: TlsManners = field(default_factory=TlsManners)


_SOUND = Persona()
_HOSTILE_TEXT = (
    b"=cmd|'/c calc'!A0 <script>alert(1)</script> \x1b]0;taken\x07\x1b[31m \x00 \xff\xfe \xc3\x28 ${7*7} {{7*7}}"
)


def _tls(**manners: str | bool) -> Persona:
    return replace(_SOUND, tls=replace(TlsManners(), **manners))  # type: ignore[arg-type]


PERSONAS = {
    "sound": _SOUND,
    "no_starttls": replace(_SOUND, ehlo=_CAPABILITIES),
    "masked": replace(_SOUND, ehlo=(*_CAPABILITIES, b"XXXXXXXA")),
    "free_text": replace(_SOUND, ehlo=(*_CAPABILITIES, b"HELP no STARTTLS here")),
    "odd_spelling": replace(_SOUND, ehlo=(*_CAPABILITIES, b"  starttls ")),
    "no_ehlo": replace(_SOUND, ehlo_code=502),
    "starttls_454": replace(_SOUND, starttls_reply=b"454 4.7.0 TLS not available"),
    "false_start": _tls(never_begins=True),
    "busy": replace(_SOUND, greeting=b"421 4.3.2 {name} Too busy, try again later", hangs_up=True),
    "rejecting": replace(_SOUND, greeting=b"554 5.7.1 {name} No service for you", hangs_up=True),
    "hanging_up": replace(_SOUND, greeting=b"", hangs_up=True),
    "slow": replace(_SOUND, wait=3.0),
    "tarpit": replace(_SOUND, mute=True),
    "flood": replace(_SOUND, flood=10_000_000),
    "hostile": Persona(
        greeting=b"220 " + _HOSTILE_TEXT,
        ehlo=(_HOSTILE_TEXT, b"<img src=x onerror=alert(1)>", b"X" * 2000, *_CAPABILITIES, _STARTTLS),
    ),
    "older_too": _tls(older=True, ciphers="ALL:!aNULL:!eNULL:@SECLEVEL=0"),
    "only_older": _tls(older=True, only_older=True, ciphers="ALL:!aNULL:!eNULL:@SECLEVEL=0"),
    "only_12": _tls(newest_is_12=True),
    "no_secrecy": _tls(newest_is_12=True, ciphers="kRSA+AESGCM:@SECLEVEL=0"),
    "anonymous": _tls(ciphers="ECDHE+AESGCM:aNULL+AES:@SECLEVEL=0"),
    "no_encryption": _tls(newest_is_12=True, ciphers="ECDHE+AESGCM:eNULL:@SECLEVEL=0"),
    "small_group": _tls(newest_is_12=True, dh_1024=True, ciphers="DHE+AESGCM:@SECLEVEL=0"),
    "weak_key": _tls(ciphers="ECDHE+AESGCM:@SECLEVEL=0"),
    "asks_client": _tls(asks_client=True),
    "keeps_injected": _tls(keeps_injected=True),
}
"""Every persona by name; servers.yaml picks from these."""
