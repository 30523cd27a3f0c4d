"""Fetch public test suites that are read where they are published: nothing of them is copied into the project.

Run as `python tests/suites.py`; standard library and pip only. Without network: one clear line, and the tests that
read them are skipped (under CI they fail).
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
#: The suite of RFC 7208 is in pyspf's source distribution. The hash is held against the file before pip opens it.
SPF = REPO / ".lab" / "suites" / "pyspf-2.0.14.tar.gz"
SPF_SHA256 = "57a7ef01bda090173aafb6af0106251686ed73f03db4e911fcd34c57fc347186"


def missing() -> str:
    """Say what is not here, or is not what it should be; nothing when all is well."""
    if not SPF.exists():
        return f"{SPF.name} is not fetched: make lab"
    return "" if hashlib.sha256(SPF.read_bytes()).hexdigest() == SPF_SHA256 else f"{SPF.name} is not the one meant"


def fetch() -> None:
    """Let pip download what is missing; raises CalledProcessError."""
    SPF.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"pyspf==2.0.14 --hash=sha256:{SPF_SHA256}\n")
        command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps"]
        subprocess.run(
            [*command, "--no-binary", "pyspf", "--require-hashes", "-r", str(wanted), "-d", folder],
            check=True,
            capture_output=True,
            text=True,
        )
        SPF.write_bytes((Path(folder) / SPF.name).read_bytes())


def main() -> int:
    """Fetch, and say in one line how it went; the tests decide what a missing suite means."""
    if missing():
        try:
            fetch()
        except (subprocess.CalledProcessError, OSError) as trouble:
            said = (getattr(trouble, "stderr", "") or str(trouble)).strip().splitlines()[-1:]
            print(f"suites: not fetched, {''.join(said)}", file=sys.stderr)
            return 0
    print(f"suites: {SPF.name} in {SPF.parent.relative_to(REPO)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
