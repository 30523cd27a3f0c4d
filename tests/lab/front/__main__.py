"""Serve every place of a plan: `python -m tests.lab.front PLAN`, a JSON list of {address, port, kind, ...}."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.lab.front.logins import serve_logins
from tests.lab.front.policy_host import serve_policies
from tests.lab.front.proxy import serve_dialect
from tests.lab.front.s_server import serve_s_server

_KINDS: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
    "s_server": serve_s_server,
    "proxy": serve_dialect,
    "policies": serve_policies,
    "logins": serve_logins,
}


async def _serve(plan: list[dict[str, Any]]) -> None:
    for place in plan:
        await _KINDS[place["kind"]](place)
    print("all places are served", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(json.loads(Path(sys.argv[1]).read_text())))
