"""The address of the form for who needs help: as a link, and as a code to print and hang up."""

from __future__ import annotations

import html
import io
from urllib.parse import urlsplit

import streamlit as st

from dashboard.http.gate import REQUEST_PATH
from dashboard.languages import _
from dashboard.map.text import clean

#: Width of one square of the code in pixels.
SQUARE_PX = 5


def panel() -> None:
    """Show where people ask for help themselves."""
    address = request_address()
    st.markdown(
        _(
            "People ask for help here with a phone, without an account. What comes is reported by "
            "the public, and somebody looks at it before goods leave."
        )
    )
    st.code(address, language=None)
    label = html.escape(clean(address))
    st.html(f'<div class="q-code" role="img" aria-label="{label}">{code(address)}</div>')
    st.caption(
        _(
            "Where the situation has accounts, start the server with --public-requests. On this "
            "machine only the address is not reached by others."
        )
    )


def request_address() -> str:
    """Give the address of the form on the server that this page came from."""
    return f"{server_address()}{REQUEST_PATH}"


def server_address() -> str:
    """Give the address of the server that this page came from, such as ``https://cell:8501``."""
    parts = urlsplit(str(st.context.url or "http://localhost:8501"))
    return f"{parts.scheme}://{parts.netloc}"


def code(address: str) -> str:
    """Draw an address as a QR code, an SVG."""
    import segno

    drawn = io.BytesIO()
    segno.make_qr(address, error="m").save(
        drawn, kind="svg", scale=SQUARE_PX, border=4, light="#fff", xmldecl=False, svgns=True
    )
    return drawn.getvalue().decode()
