"""Where people meet it: use cases (`operations`), command line, HTTP, the page.

The only package that joins `routing` and `data`, and the only one that knows streamlit and folium.
"""
