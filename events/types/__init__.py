"""The vocabulary: one frozen struct for everything that can happen, a module for each kind of thing.

Past tense, few fields, ids and facts only: the log cannot be edited, so it never holds an e-mail
address, a token, a URL of somebody's or a secret. New fields have defaults. A new meaning is a new version of
the type and an upcast in `registry`.
"""

from msgspec import Struct

from events.types.accounts import (
    LONGEST_TOKEN,
    AccountChanged,
    AccountErased,
    AccountFact,
    AccountLetterRequested,
    AccountNotificationFailed,
    AccountNotified,
    AccountRegistered,
    AccountRevoked,
    AccountSignedIn,
    AccountSignInRefused,
    Letter,
)
from events.types.feeds import (
    FeedCreated,
    FeedFact,
    FeedRevoked,
)
from events.types.hooks import (
    NEWSWORTHY,
    TEST,
    DeliveryFailure,
    DisablingReason,
    HookCreated,
    HookDeleted,
    HookDelivered,
    HookDeliveryFailed,
    HookDisabled,
    HookFact,
    HookNotificationFailed,
    HookNotified,
    HookRequested,
)
from events.types.imports import (
    ImportCancelled,
    ImportFact,
    ImportFailed,
    ImportFailure,
    ImportRequested,
)
from events.types.jobs import (
    INCOMPLETE,
    Crc32,
    DeletionReason,
    FailureCode,
    JobAudioRemoved,
    JobCancelled,
    JobConverted,
    JobDeleted,
    JobErased,
    JobFact,
    JobFailed,
    JobLinked,
    JobNotificationDeclined,
    JobNotificationFailed,
    JobNotified,
    JobProbed,
    JobRequeued,
    JobRetrying,
    JobStarted,
    JobTranscriptAdded,
    JobTranscriptRemoved,
    JobUnlinked,
    JobUploaded,
    JobVideoRemoved,
    RunFact,
    Transcript,
)
from events.types.values import (
    Actor,
    Count,
    Ordinal,
)


class Unknown(Struct, frozen=True):
    """An event of a type or version this build does not know: carried as it is, skipped by folds."""

    type: str
    version: int


JobPayload = (
    JobUploaded
    | JobStarted
    | JobProbed
    | JobRetrying
    | JobConverted
    | JobFailed
    | JobNotified
    | JobNotificationFailed
    | JobNotificationDeclined
    | JobCancelled
    | JobRequeued
    | JobDeleted
    | JobVideoRemoved
    | JobAudioRemoved
    | JobErased
    | JobLinked
    | JobUnlinked
    | JobTranscriptAdded
    | JobTranscriptRemoved
)
AccountPayload = (
    AccountRegistered
    | AccountSignedIn
    | AccountSignInRefused
    | AccountChanged
    | AccountRevoked
    | AccountErased
    | AccountLetterRequested
    | AccountNotified
    | AccountNotificationFailed
)
HookPayload = (
    HookCreated
    | HookDeleted
    | HookRequested
    | HookDelivered
    | HookDeliveryFailed
    | HookDisabled
    | HookNotified
    | HookNotificationFailed
)
FeedPayload = FeedCreated | FeedRevoked
ImportPayload = ImportRequested | ImportFailed | ImportCancelled
AnyPayload = JobPayload | AccountPayload | HookPayload | FeedPayload | ImportPayload

__all__ = [
    "INCOMPLETE",
    "LONGEST_TOKEN",
    "NEWSWORTHY",
    "TEST",
    "AccountChanged",
    "AccountErased",
    "AccountFact",
    "AccountLetterRequested",
    "AccountNotificationFailed",
    "AccountNotified",
    "AccountPayload",
    "AccountRegistered",
    "AccountRevoked",
    "AccountSignInRefused",
    "AccountSignedIn",
    "Actor",
    "AnyPayload",
    "Count",
    "Crc32",
    "DeletionReason",
    "DeliveryFailure",
    "DisablingReason",
    "FailureCode",
    "FeedCreated",
    "FeedFact",
    "FeedPayload",
    "FeedRevoked",
    "HookCreated",
    "HookDeleted",
    "HookDelivered",
    "HookDeliveryFailed",
    "HookDisabled",
    "HookFact",
    "HookNotificationFailed",
    "HookNotified",
    "HookPayload",
    "HookRequested",
    "ImportCancelled",
    "ImportFact",
    "ImportFailed",
    "ImportFailure",
    "ImportPayload",
    "ImportRequested",
    "JobAudioRemoved",
    "JobCancelled",
    "JobConverted",
    "JobDeleted",
    "JobErased",
    "JobFact",
    "JobFailed",
    "JobLinked",
    "JobNotificationDeclined",
    "JobNotificationFailed",
    "JobNotified",
    "JobPayload",
    "JobProbed",
    "JobRequeued",
    "JobRetrying",
    "JobStarted",
    "JobTranscriptAdded",
    "JobTranscriptRemoved",
    "JobUnlinked",
    "JobUploaded",
    "JobVideoRemoved",
    "Letter",
    "Ordinal",
    "RunFact",
    "Transcript",
    "Unknown",
]
