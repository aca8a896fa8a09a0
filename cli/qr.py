"""QR codes in a terminal."""

import io

from cli.pretty import painted


def code_of(url: str) -> str:
    """Return a QR code in half blocks, white on black in terminals of any colours."""
    import segno

    drawn = io.StringIO()
    segno.make(url, error="m", micro=False).terminal(drawn, border=2, compact=True)
    return "\n".join(painted(line, "97;40") for line in drawn.getvalue().splitlines())
