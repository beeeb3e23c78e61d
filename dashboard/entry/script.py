"""What Streamlit runs anew at every click: one call, so that no module lives under two names."""

from dashboard.app import run

run()
