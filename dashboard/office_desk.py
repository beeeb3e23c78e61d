"""The part of the desk for auditors and administrators: the ledger, accounts, vehicle classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboard.desk import Progress
    from dashboard.operations.situation import Situation


class OfficeDesk(ABC):
    """What the pages *Ledger* and *Settings* ask of a real situation."""

    @abstractmethod
    def situation(self) -> Situation:
        """Open the situation, or give the one that is open."""

    def ledger_head(self) -> dict[str, Any]:
        """The signed head of the ledger as it is now, with the key's fingerprint."""
        from dashboard.operations.witnessing import make_head

        return make_head(self.situation())

    def verify_ledger(
        self, *, heads: Sequence[str], signer: str = "", progress: Progress | None = None
    ) -> dict[str, Any]:
        """Check the whole ledger and its projections; the JSON of `verify`."""
        from dashboard.operations.witnessing import verify

        return verify(self.situation(), heads=heads, signer=signer, progress=progress)

    def prove_event(self, event: str, *, against: str = "") -> dict[str, Any]:
        """Prove that one event is in the ledger without showing the others."""
        from dashboard.operations.witnessing import make_proof

        return make_proof(self.situation(), event, against=against or None)

    def access_overview(self) -> dict[str, Any]:
        """Accounts with their names, keys, organisations, and what each role may do."""
        from dashboard.operations.managing import overview

        return overview(self.situation())

    def manage_access(self, action: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Change accounts, keys, organisations or vehicle classes; says how to undo it."""
        from dashboard.operations.managing import manage

        return manage(self.situation(), action, fields)
