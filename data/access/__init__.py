"""Who may do what: roles and rights, passwords, keys of organisations, sessions, throttling.

Who has which role is said by events (`account.…`, `key.…`, `organisation.…`), without a name. What
proves who somebody is (hashes of passwords and keys, sessions) stands in private tables beside
them, which no export holds; what accounts are called stands in the vault (`data.people`).
"""
