"""The events: everything that ever happened to a situation, typed and versioned.

The ledger stores these and nothing else; every table of state is a projection of them. An event
is never changed or deleted: what was wrong is corrected by a later event (`upload.undone`,
`road.reopened`, `layer.removed` …). Payloads hold no names, phones or positions of persons.

Quantities are decimal strings in the item's own unit, so that sums are exact in every engine and
the canonical JSON of an event is the same on every machine.
"""

from __future__ import annotations

from data.events import (
    access,
    activities,
    damage,
    deliveries,
    field,
    fleet,
    funds,
    groups,
    microtasks,
    needs,
    people,
    places,
    plans,
    reports,
    roads,
    situation,
    stock,
    uploads,
    volunteering,
)
from data.events.access import AccountActiveSet as AccountActiveSet
from data.events.access import AccountCreated as AccountCreated
from data.events.access import AccountPasswordSet as AccountPasswordSet
from data.events.access import AccountRoleSet as AccountRoleSet
from data.events.access import AccountSignedIn as AccountSignedIn
from data.events.access import AccountSignedOut as AccountSignedOut
from data.events.access import AccountSignInRefused as AccountSignInRefused
from data.events.access import KeyIssued as KeyIssued
from data.events.access import KeyRevoked as KeyRevoked
from data.events.access import PersonErased as PersonErased
from data.events.activities import ACTIVITY_STATUSES as ACTIVITY_STATUSES
from data.events.activities import ActivityReported as ActivityReported
from data.events.activities import ActivityRevised as ActivityRevised
from data.events.activities import ActivityStatus as ActivityStatus
from data.events.activities import ActivityStatusSet as ActivityStatusSet
from data.events.base import Count as Count
from data.events.base import Event as Event  # noqa: TC001 - part of what this package gives
from data.events.base import FileRef as FileRef
from data.events.base import Id as Id
from data.events.base import ItemId as ItemId
from data.events.base import Lat as Lat
from data.events.base import Lon as Lon
from data.events.base import Name as Name
from data.events.base import Provenance as Provenance
from data.events.base import Quantity as Quantity
from data.events.base import Real as Real
from data.events.base import Share as Share
from data.events.base import SourceRef as SourceRef
from data.events.base import Strict as Strict
from data.events.base import Text as Text
from data.events.damage import AssessmentMade as AssessmentMade
from data.events.damage import DamageReported as DamageReported
from data.events.deliveries import DeliveryReported as DeliveryReported
from data.events.deliveries import NeedServed as NeedServed
from data.events.envelope import NewEvent as NewEvent
from data.events.envelope import RecordedEvent as RecordedEvent
from data.events.field import ConvoyReported as ConvoyReported
from data.events.field import FieldLinkIssued as FieldLinkIssued
from data.events.field import FieldLinkRevoked as FieldLinkRevoked
from data.events.fleet import DepotRegistered as DepotRegistered
from data.events.fleet import VehicleClassesChanged as VehicleClassesChanged
from data.events.fleet import VehicleClassesRestored as VehicleClassesRestored
from data.events.fleet import VehicleRegistered as VehicleRegistered
from data.events.funds import AllocationOpened as AllocationOpened
from data.events.funds import FundOpened as FundOpened
from data.events.funds import FundPledged as FundPledged
from data.events.funds import HouseholdsPaid as HouseholdsPaid
from data.events.groups import GROUPS as GROUPS
from data.events.groups import Group as Group
from data.events.groups import GroupCounted as GroupCounted
from data.events.microtasks import CANNOT_TELL as CANNOT_TELL
from data.events.microtasks import CHOICES as CHOICES
from data.events.microtasks import MICROTASK_KINDS as MICROTASK_KINDS
from data.events.microtasks import MicrotaskAnswered as MicrotaskAnswered
from data.events.microtasks import MicrotaskClosed as MicrotaskClosed
from data.events.microtasks import MicrotaskKind as MicrotaskKind
from data.events.microtasks import MicrotaskPosted as MicrotaskPosted
from data.events.needs import NeedReported as NeedReported
from data.events.needs import NeedRevised as NeedRevised
from data.events.needs import NeedRumourSet as NeedRumourSet
from data.events.needs import NeedsMerged as NeedsMerged
from data.events.needs import NeedsParted as NeedsParted
from data.events.needs import NeedStatusChanged as NeedStatusChanged
from data.events.needs import NeedTrustSet as NeedTrustSet
from data.events.people import OrganisationRegistered as OrganisationRegistered
from data.events.people import OrganisationStatusSet as OrganisationStatusSet
from data.events.people import VolunteerRegistered as VolunteerRegistered
from data.events.places import PlaceAdded as PlaceAdded
from data.events.places import PlaceAliasConfirmed as PlaceAliasConfirmed
from data.events.places import PlaceAliasWithdrawn as PlaceAliasWithdrawn
from data.events.places import PlaceWithdrawn as PlaceWithdrawn
from data.events.plans import ConvoyLockSet as ConvoyLockSet
from data.events.plans import PlanMade as PlanMade
from data.events.reports import ReportGiven as ReportGiven
from data.events.roads import JoinedGap as JoinedGap
from data.events.roads import RoadClosed as RoadClosed
from data.events.roads import RoadGapsJoined as RoadGapsJoined
from data.events.roads import RoadGapsParted as RoadGapsParted
from data.events.roads import RoadReopened as RoadReopened
from data.events.situation import LayerKind as LayerKind
from data.events.situation import LayerLoaded as LayerLoaded
from data.events.situation import LayerRemoved as LayerRemoved
from data.events.situation import SituationAreaSet as SituationAreaSet
from data.events.situation import SituationCreated as SituationCreated
from data.events.stock import ItemRegistered as ItemRegistered
from data.events.stock import LotRegistered as LotRegistered
from data.events.stock import ReservedLine as ReservedLine
from data.events.stock import SlipUndone as SlipUndone
from data.events.stock import StockCounted as StockCounted
from data.events.stock import StockMoved as StockMoved
from data.events.stock import StockReleased as StockReleased
from data.events.stock import StockReserved as StockReserved
from data.events.uploads import UploadReceived as UploadReceived
from data.events.uploads import UploadUndone as UploadUndone
from data.events.volunteering import AssignmentAnswered as AssignmentAnswered
from data.events.volunteering import CertificateIssued as CertificateIssued
from data.events.volunteering import CertificateRevoked as CertificateRevoked
from data.events.volunteering import FeedbackGiven as FeedbackGiven
from data.events.volunteering import ShiftApproved as ShiftApproved
from data.events.volunteering import ShiftBegun as ShiftBegun
from data.events.volunteering import ShiftEnded as ShiftEnded
from data.events.volunteering import TaskAssigned as TaskAssigned
from data.events.volunteering import TaskClosed as TaskClosed
from data.events.volunteering import TaskPosted as TaskPosted
from data.events.volunteering import VolunteerHeard as VolunteerHeard
from geo.errors import SchemaError

_NOUNS = (
    situation,
    people,
    fleet,
    stock,
    needs,
    deliveries,
    funds,
    damage,
    places,
    roads,
    uploads,
    plans,
    reports,
    access,
    activities,
    field,
    volunteering,
    groups,
    microtasks,
)

EVENT_TYPES: dict[str, type[Event]] = {cls.type: cls for noun in _NOUNS for cls in noun.EVENTS}


def payload_class(type_: str, version: int) -> type[Event]:
    """Class of the payload of an event of this type and version.

    Raises `SchemaError` where this program does not know it: it was written by a newer one.
    """
    found = EVENT_TYPES.get(type_)
    if found is None or version not in (found.version, *found.reads):
        raise SchemaError(
            f"event type {type_!r}, version {version}",
            "a type and version that this program knows are needed",
            "update the program: the event comes from a newer one",
        )
    return found
