"""u02: mail-transport compliance for organisations, judged against NSM U-02."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("u02-compliance")
except PackageNotFoundError:  # run from a tree that was never installed
    __version__ = "0+uninstalled"
