"""The self-test as the run's own evidence completes it: whether mail hosts could be reached at all."""

from compliance.checks.context import Context
from compliance.model.observation import VantageItem

PORT = "port25"


def vantage_items(context: Context) -> tuple[VantageItem, ...]:
    """Give the lines of the self-test, the port judged from the targets of the run itself."""
    lines = context.vantage.items if context.vantage else ()
    values = {"port": str(context.port)}
    port = VantageItem(PORT, context.port_state, blocking=True, values=values)
    return (*(line for line in lines if line.item != PORT), port)
