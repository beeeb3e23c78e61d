"""The address of the form for who needs help: as a link, and as a code to print and hang up."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import streamlit as st

from dashboard.http.gate import REQUEST_PATH
from dashboard.languages import _

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
    show_code(address)
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


def show_code(address: str) -> None:
    """Show an address as a QR code."""
    st.image(code(address), output_format="PNG")


def code(address: str) -> bytes:
    """Draw an address as a QR code, a PNG: Streamlit strips SVG from what it shows."""
    import segno

    drawn = io.BytesIO()
    segno.make_qr(address, error="m").save(
        drawn, kind="png", scale=SQUARE_PX, border=4, light="#fff"
    )
    return drawn.getvalue()
