"""A small history of needs: verified, revised, taken for hearsay, merged and parted again."""

from __future__ import annotations

from types import SimpleNamespace

from data.events import (
    NeedRevised,
    NeedRumourSet,
    NeedsMerged,
    NeedsParted,
    NeedStatusChanged,
    NeedTrustSet,
    NewEvent,
)


def need_history(make: SimpleNamespace) -> list[NewEvent]:
    """Events of every type that is about needs."""
    needs = [make.new(make.need(f"n{number}", quantity=number)) for number in range(1, 6)]
    return [
        *needs,
        make.new(NeedStatusChanged(need_id="need:n1", status="verified", by="Civil protection")),
        make.new(NeedRevised(need_id="need:n2", quantity=12, note="counted again")),
        make.new(NeedRumourSet(need_id="need:n3", rumour=True, note="heard on the radio")),
        make.new(NeedsMerged(merge_id="merge:1", kept_id="need:n1", need_ids=("need:n2",))),
        make.new(NeedsMerged(merge_id="merge:2", kept_id="need:n4", need_ids=("need:n5",))),
        make.new(NeedsParted(merge_id="merge:2", reason="two hamlets")),
        make.new(NeedTrustSet(unverified_share=0.5, pending="quarantine")),
    ]
