"""Every kind of verdict of a measured world, pasted as it is printed: the output shows what was promised."""

import asyncio
import os
from pathlib import Path

import pytest

from compliance.demo.world import World
from tests.golden.conftest import findings, here

_AT_ONCE = 40


@pytest.mark.programs("openssl", "dig", "swaks")
def test_every_command_shows_what_it_promises(world: World, tmp_path: Path) -> None:
    here("run", "-i", world.inventory, "-o", tmp_path, "--run-id", "a", "--quiet")
    printed = _printed(tmp_path / "a")
    assert len(printed) > 40
    shown = asyncio.run(_paste([command for command, _ in printed], tmp_path / "a"))
    broken = [
        (verdict, command, expect)
        for ((command, expect), verdict), output in zip(printed.items(), shown, strict=True)
        if expect not in output
    ]
    assert broken == []


def _printed(folder: Path) -> dict[tuple[str, str], str]:
    """Give one command and its promise for each kind of verdict, without those that wait for silence."""
    found: dict[str, tuple[str, str]] = {}
    for finding in findings(folder):
        for target in finding["targets"]:
            how = target["reperform"]
            waits = "exit $?" in (how["command"] or "") or how["expect"].startswith("no servers")
            if how["command"] and how["expect"] and not waits:
                verdict = f"{finding['requirement']} {target['status']} {target['reason']}"
                found.setdefault(verdict, (how["command"], how["expect"]))
    return {pasted: verdict for verdict, pasted in found.items()}


async def _paste(commands: list[str], folder: Path) -> list[str]:
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(command: str) -> str:
        async with room:
            process = await asyncio.create_subprocess_exec(
                "bash",
                "-c",
                command,
                cwd=folder,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, "LC_ALL": "C"},
            )
            return (await process.communicate())[0].decode("utf-8", "replace")

    return list(await asyncio.gather(*map(one, commands)))
