"""The trusted roots of a run, as PEM: copied into the run folder, so that trust can be judged again for ever."""

from pathlib import Path

import certifi
import publicsuffixlist

from compliance.settings import Trust

_SYSTEM = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt"))


def roots(trust: Trust, folder: Path) -> bytes:
    """Read the configured bundle: `mozilla` (certifi), `system`, or a PEM path below the inventory; raises OSError."""
    if trust.bundle == "mozilla":
        return Path(certifi.where()).read_bytes()
    if trust.bundle == "system":
        found = next((path for path in _SYSTEM if path.is_file()), _SYSTEM[0])
        return found.read_bytes()
    return (folder / trust.bundle).read_bytes()


def extra_roots(trust: Trust, folder: Path) -> bytes:
    """Read the private roots, joined; raises OSError."""
    return b"".join((folder / name).read_bytes().rstrip() + b"\n" for name in trust.extra)


def public_suffixes() -> bytes:
    """Read the public suffix list that the package ships."""
    return (Path(publicsuffixlist.__file__).parent / "public_suffix_list.dat").read_bytes()
