"""The QR code."""

from pathlib import Path

import segno


def draw_code(address: str, file: Path) -> None:
    """Writes the address's QR code as SVG: correction level Q (a quarter may be lost), the quiet zone of four modules."""
    segno.make_qr(address, error="q", boost_error=False).save(
        str(file), kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, nl=False
    )
