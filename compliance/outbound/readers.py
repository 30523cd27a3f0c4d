"""The readers there are, and which of them a file is for. The list is explicit, and a test proves it closed."""

from compliance.outbound.canary.reading import CanaryJournal
from compliance.outbound.connector import Connectors
from compliance.outbound.distilled import DistilledLog
from compliance.outbound.exchange_trace import ExchangeTrace
from compliance.outbound.exim_log import EximLog
from compliance.outbound.message import Message
from compliance.outbound.policy_map import PolicyMap, PostfixSettings
from compliance.outbound.postfix_log import PostfixLog
from compliance.outbound.reader import Reader, SuppliedInput

#: Folders of `evidence/`, each with what it may hold; a folder of another name is not looked into.
FOLDERS = ("logs", "exchange", "messages", "policy", "canary")
READERS: tuple[Reader, ...] = (
    DistilledLog(),
    PostfixLog(),
    EximLog(),
    ExchangeTrace(),
    Connectors(),
    PostfixSettings(),
    PolicyMap(),
    CanaryJournal(),
    Message(),
)


def reader_for(file: SuppliedInput) -> Reader | None:
    """Give the reader that recognises a file, None where none does; raises Unreadable if its beginning is broken."""
    head = file.head()
    return next((each for each in READERS if file.folder in each.folders and each.recognises(head)), None)
