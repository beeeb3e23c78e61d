"""The situation: events and ledger, archive, catalogues, intake, sources, the demonstration.

Imports `geo` only.
"""
