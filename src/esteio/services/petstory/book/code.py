"""The QR code."""

from pathlib import Path

import segno


def draw_code(address: str, file: Path) -> None:
    """Writes the address's QR code as SVG: a quarter of it may be lost (level Q), quiet zone of four modules."""
    segno.make_qr(address, error="q", boost_error=False).save(
        str(file), kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, nl=False
    )
