"""Dates of log lines, as seconds since 1970 (UTC): RFC 3164 without a year, RFC 3339, and what stands between them.

A date without a zone is read as Norwegian time. One without a year is of the latest year that makes the file's last
line no newer than the file; where December turns to January in a file, the year goes on with it.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

HERE = ZoneInfo("Europe/Oslo")
_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), 1
    )
}
_HALF_A_YEAR = 183 * 86400
_SLACK = timedelta(days=1)  # clocks and zones of other hosts


class LogClock:
    """Reads the dates of one file in order. `latest`: nothing in it is newer; `back`: years to begin earlier."""

    def __init__(self, latest: datetime, back: int = 0) -> None:
        self._latest = (latest + _SLACK).timestamp()
        self._back = back
        self._year = 0
        self._before = 0.0
        self._hour: bytes = b""
        self._base = 0
        self.year_assumed = False

    @property
    def overshot(self) -> bool:
        """Whether the years counted on went past the file's own date: then it began a year earlier."""
        return self.year_assumed and self._before > self._latest

    def seconds(self, date: bytes) -> int | None:
        """Give the moment of a date: `Nov 25 22:04:20` or `2026-11-25T22:04:20+01:00`; None if there is no such."""
        if date[4:5] == b"-":
            return self._dated(date)
        hour = date[:9]
        if hour != self._hour:
            found = self._yearless(date)
            if found is None:
                return None
            self._hour, self._base = hour, found
        return self._base + int(date[10:12]) * 60 + int(date[13:15])

    def _yearless(self, date: bytes) -> int | None:
        """Give the beginning of the hour."""
        month, day, hour = _MONTHS.get(date[:3], 0), int(date[4:6]), int(date[7:9])
        self.year_assumed = True
        if not self._year:
            self._year = datetime.fromtimestamp(self._latest, UTC).year + 1
            first = self._at(self._year, month, day, hour)
            while first is None or first > self._latest:
                self._year -= 1
                first = self._at(self._year, month, day, hour)
                if self._year < 1990:
                    return None
            self._year -= self._back
        found = self._at(self._year, month, day, hour)
        if found is not None and self._before:
            if found < self._before - _HALF_A_YEAR:
                self._year += 1
                found = self._at(self._year, month, day, hour)
            elif found > self._before + _HALF_A_YEAR:  # a line out of order at the turn of the year
                return self._at(self._year - 1, month, day, hour)
        if found is not None:
            self._before = found
        return found

    @staticmethod
    def _at(year: int, month: int, day: int, hour: int) -> int | None:
        try:
            return int(datetime(year, month, day, hour, tzinfo=HERE).timestamp())
        except ValueError:
            return None

    def _dated(self, date: bytes) -> int | None:
        hour = date[:13] + date[19:]
        if hour != self._hour:
            text = date[:13] + b":00:00" + date[19:].lstrip(b"0123456789.,")
            try:
                moment = datetime.fromisoformat(text.decode("ascii").replace(" +", "+").replace(" -", "-"))
            except ValueError:
                return None
            moment = moment if moment.tzinfo else moment.replace(tzinfo=HERE)
            self._hour, self._base = hour, int(moment.timestamp())
        return self._base + int(date[14:16]) * 60 + int(date[17:19])


def stamp(seconds: int) -> str:
    """Give a moment as facts have it: UTC, RFC 3339, to the second; `` for 0."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""
