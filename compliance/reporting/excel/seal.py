"""The same run gives the same bytes: openpyxl stamps the time of saving in two places, and zip a third."""

import io
import re
import zipfile
from datetime import UTC, date, datetime

_STAMP = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")


def steady(workbook: bytes, moment: date | datetime | None) -> bytes:
    """Give a saved workbook with every time in it set to one moment."""
    at = moment.astimezone(UTC) if isinstance(moment, datetime) else datetime(2000, 1, 1, tzinfo=UTC)
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _STAMP.sub(rb"\g<1>" + stamp + rb"\g<3>", content)
            kept = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            kept.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(kept, content)
    return made.getvalue()
