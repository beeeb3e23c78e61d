"""The folder of the script that Streamlit runs.

Streamlit puts the script's folder first on ``sys.path``; were the script in ``dashboard``, its
``http`` would stand before the standard library's.
"""
