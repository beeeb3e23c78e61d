"""The part of the desk for what goes to other organisations, and comes back from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.operations.situation import Situation
    from dashboard.operations.templating import Form


class ExchangeDesk(ABC):
    """What pages offer to take away from a real situation."""

    @abstractmethod
    def situation(self) -> Situation:
        """Open the situation, or give the one that is open."""

    def sheet_template(self, kind: str, form: Form, *, tongue: str) -> tuple[str, bytes]:
        """Name and content of an empty sheet or phone form, in a language."""
        from dashboard.operations.templating import template

        made = template(self.situation(), kind, language=tongue, form=form)
        return made.name, made.content

    def shared_file(self, table: str, form: str, *, tongue: str) -> tuple[str, bytes]:
        """Name and content of a table that goes back to organisations."""
        from dashboard.operations.sharing.files import share

        made = share(self.situation(), table, form, language=tongue)
        return made.name, made.content
