"""Names for verdicts that come together."""

BASIC = ("U02-1b-1", "U02-1b-2", "U02-1b-3", "U02-1b-4", "U02-1b-5")
TRANSPORT = (*BASIC, *(f"U02-TLS-{number}" for number in (1, 2, 3, 4, 5, 7)))
DOMAIN = ("U02-2-1", "U02-2-2", "U02-2-3", "U02-4-1", "U02-4-2", "MX-1")
BEHIND_MX = ("DIGDIR-DNSSEC-2", "DIGDIR-DANE-1", "DIGDIR-DANE-2")


def every(verdict: str, *requirements: str) -> dict[str, str]:
    """Give one verdict for many requirements."""
    return dict.fromkeys(requirements, verdict)


NO_TLSA = {"DIGDIR-DANE-1": "fail tlsa_missing", "DIGDIR-DANE-2": "not_applicable tlsa_missing"}
NEEDS_STARTTLS = every("not_applicable needs U02-1b-1", *TRANSPORT[1:])
AS_IT_COMES = {"U02-TLS-3": "fail no_forward_secrecy", "U02-TLS-7": "fail anonymous_suites_accepted"}


def shut(reason: str) -> dict[str, str]:
    """No STARTTLS for this reason, where a sender that honours the domain's TLSA records cannot deliver."""
    return {"U02-1b-1": f"fail {reason}", **NEEDS_STARTTLS, "DIGDIR-DANE-2": "fail dane_without_starttls"}
