"""The vault: what is kept of persons, sealed, for a purpose and a time, and erasable.

Events name persons by salted ids (`person:…`, `volunteer:…`, `account:…`); what these people are
called, how to call them and where they are lies here, in the private tables of the store, sealed
with a key that is not in the database. Erasing a person deletes rows; the chain of events stays
whole. `docs/privacy.md` says which law and which rules this follows.
"""
