"""Exchange Online's extended message trace: volumes by domain, and no word of TLS."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from compliance.outbound.readers import reader_for
from tests.unit.outbound.build import distilled, domains, supplied

HEAD = (
    "date_time,client_ip,client_hostname,server_ip,server_hostname,source_context,connector_id,source,event_id,"
    "message_id,recipient_address,recipient_status,sender_address,message_subject,directionality,custom_data"
)


def row(
    event: str, way: str, sender: str, recipient: str, source: str = "SMTP", when: str = "2026-11-02T08:00:00.1Z"
) -> str:
    return f'{when},,,,mx.part.example,,,{source},{event},<id@x>,{recipient},,{sender},"Emne, hemmelig",{way},"S:SFA=x"'


ROWS = [
    row("SEND", "Originating", "kari@etaten.example", "ola@part.example;per@part.example;eva@annen.example"),
    row("SEND", "2", "kari@etaten.example", "ola@part.example"),
    row("RECEIVE", "Incoming", "ola@part.example", "kari@etaten.example"),
    row("RECEIVE", "Originating", "kari@etaten.example", "ola@part.example"),
    row("SEND", "Originating", "kari@etaten.example", "ola@part.example", source="AGENT"),
    row("DELIVER", "Incoming", "ola@part.example", "kari@etaten.example", source="STOREDRIVER"),
    row("SEND", "Originating", "kari@etaten.example", "ola@gammel.example", when="2026-01-02T08:00:00Z"),
    row("SEND", "Originating", "kari@etaten.example", "ola@part.example", when="i går"),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_messages_are_counted_at_the_services_edge(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes("\r\n".join([HEAD, *ROWS]).encode(encoding))
    facts = distilled(path, folder="exchange", since=datetime(2026, 8, 1, tzinfo=UTC))

    assert facts.product == "exchange_online"
    assert {name: each.flow.unknown for name, each in domains(facts).items()} == {"part.example": 3, "annen.example": 1}
    assert {name: each.flow.unknown for name, each in domains(facts, "from").items()} == {"part.example": 1}
    assert (facts.file.lines, facts.file.older, facts.file.not_read) == (8, 1, 1)
    assert not facts.instances[0].logs_tls
    assert facts.file.unread[0].example == ""
    assert not [word for word in ("kari", "ola@", "Emne", "id@x") if word in repr(facts)]


@pytest.mark.parametrize(
    "text",
    [
        "Date,Recipient Domain,Security Type,Count of Messages Blocked\n2026-11-02,part.example,TLS,1\n",
        "date_time,source,event_id\n2026-11-02T08:00:00Z,SMTP,SEND\n",
        "",
        "date_time,source\rfoo,bar\r",
    ],
)
def test_a_table_with_other_columns_is_not_taken_for_a_trace(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.csv"
    path.write_text(text)

    assert reader_for(supplied(path, "exchange")) is None
