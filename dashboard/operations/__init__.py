"""The use cases: the one door of the command line, the HTTP interface, the page and the tests.

Here `routing` and `data` are joined. Nothing here knows streamlit or the web framework. Each use
case is a function that takes an open `Situation` and gives a plain value; the verbs of the command
line are the same functions. Import the module of the use case (`from dashboard.operations import
roads`).
"""
