"""The HTTP interface below ``/api/v1`` and the headers that every answer carries.

Same process, same desk as the page. Reading only, for now: changes are made on the page and the
command line, until organisations have keys.
"""
