"""Postfix's log lines as patterns. Each begins at the line's start, so nothing a stranger has put in counts as one.

Strangers write recipients, HELO names and replies. A recipient stands before what is read here and may be quoted
(RFC 5321 section 4.1.2); a reply stands after it. See smtp(8), smtpd(8), qmgr(8), tlsproxy(8).
"""

import re

#: Date, host, program and process of syslog (RFC 3164), of the journal's short and short-iso, and with RFC 3339 dates.
HEADER = re.compile(
    rb"(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    rb"(?:Z|[+-]\d\d:?\d\d)?)(?:\.\d{1,9})? ([\w.:-]{1,255}) ([^\s:\[\]]{1,100})(?:\[(\d{1,10})\])?: "
)
#: Lines of the log's own keeping: a repetition, a mark, the journal's notes of its beginning and of a start.
KEEPING = re.compile(rb"(?:-- |.{15,40} [\w.:-]{1,255} (?:last message repeated|-- MARK --)|\s*\Z)")

_MAILBOX = rb'((?:"(?:[^"\\]|\\.)*+"|[^<>"])*+)'
_QUEUE = rb"([0-9A-Za-z]{5,24})"
DELIVERY = re.compile(
    _QUEUE + rb": to=<" + _MAILBOX + rb">, (?:orig_to=<" + _MAILBOX + rb">, )?"
    rb"relay=([^\s\[\],]{1,255})\[([0-9A-Fa-f:.]{2,50})\]:(\d{1,5}), (conn_use=\d{1,9}, )?"
    rb"delay=[\d.]{1,20}, delays=[\d./]{1,60}, (?:tls=[^\s,]{1,200}, )?"
    rb"dsn=\d\.\d{1,3}\.\d{1,3}, (?:[a-z_]{1,20}=[^\s,]{1,200}, ){0,8}"
    rb"status=([a-z]{3,20}) \("
)
#: A recipient that went to no host: no relay was reached, or it is a program of this machine.
NOWHERE = re.compile(
    _QUEUE + rb": to=<" + _MAILBOX + rb">, (?:orig_to=<" + _MAILBOX + rb">, )?relay=[^\s\[\],]{1,255}"
    rb"(?:\[[^\s\]]{1,255}\])?, "
)
FORGED = b">, relay="
TLS_TO = re.compile(
    rb"(Anonymous|Untrusted|Trusted|Verified) TLS connection (established|reused) to "
    rb"([^\s\[\]]{1,255})\[([0-9A-Fa-f:.]{2,50})\]:(\d{1,5}): (\S{1,20}) with cipher (\S{1,60}) \("
)
TLS_FROM = re.compile(
    rb"(Anonymous|Untrusted|Trusted|Verified) TLS connection established from "
    rb"([^\s\[\]]{1,255})\[([0-9A-Fa-f:.]{2,50})\](?::\d{1,5})?: (\S{1,20}) with cipher (\S{1,60}) \("
)
TLS_LINE = re.compile(rb"[A-Z][a-z]{6,8} TLS connection (?:established|reused) (?:to|from) ")
FAILED_TLS = re.compile(rb"SSL_connect error to ([^\s\[\]]{1,255})\[([0-9A-Fa-f:.]{2,50})\]:(\d{1,5}): ")
#: The session a TLS line spoke of is over: the next delivery has one of its own.
OVER = re.compile(rb"connect to |(?:[0-9A-Za-z]{5,24}: )?(?:lost connection with|conversation with|Cannot start TLS)")
#: The log itself says that lines are missing from it: the journal's and rsyslog's limits on how many are taken.
KEEPER = re.compile(rb"(?:systemd-)?journald?|rsyslogd(?:-\d{1,5})?")
DROPPED = re.compile(rb"Suppressed \d|Missed \d|im(?:uxsock|journal)\b.{0,200}(?:begin to drop|messages lost)")
CLIENT = re.compile(_QUEUE + rb": client=([^\s\[\]]{1,255})\[([0-9A-Fa-f:.]{2,50}|unknown)\](.*)", re.DOTALL)
SENDER = re.compile(_QUEUE + rb": from=<" + _MAILBOX + rb">, size=")
VERSIONS = frozenset({b"TLSv1.3", b"TLSv1.2", b"TLSv1.1", b"TLSv1", b"SSLv3", b"SSLv2"})
SUITE = re.compile(rb"[A-Za-z0-9_-]{1,60}")
