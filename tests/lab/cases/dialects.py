"""Domains behind one sound Postfix, each seen through a proxy that speaks STARTTLS in its own way."""

from tests.lab.cases.case import partner


def _proxied(name: str, dialect: str):
    return partner(name, settings={"dialect": dialect}, daemon="proxy")


DIALECTS = (
    _proxied("masked", "masked"),
    _proxied("masked-too", "masked"),
    _proxied("second-ehlo", "second_ehlo"),
    _proxied("lower-case", "lower_case"),
    _proxied("not-now", "not_now"),
    _proxied("garbage", "garbage"),
    _proxied("bytes-behind", "bytes_behind"),
)
