"""What a view still proves: the same events, and with them the same job."""

from hypothesis import HealthCheck, given, settings
from strategies import orderly, recorded

from cli.replay.views.proof import asks_for_work, proven_event
from events.projections.job_view import SETTLED, State
from events.projections.jobs import fold

MAILED = {"job.notified", "job.notification_failed", "job.notification_declined"}
REMOVED = {"job.video_removed", "job.audio_removed", "job.erased"}
PATIENT = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
NOT_KEPT = {"job.started", "job.retrying", "job.erased"}
"""The sweeper tells again that files are gone, as it asks for that by what was deleted."""
KEPT = {
    "job.probed": ("run", "media"),
    "job.converted": ("run", "attempt", "audio_id", "bytes", "sha256", "duration_seconds", "format", "parts"),
    "job.failed": ("run", "attempt", "code", "message"),
    "job.notified": ("run", "about"),
    "job.notification_failed": ("run", "about", "reason"),
    "job.deleted": ("reason",),
}


@PATIENT
@given(orderly())
def test_what_a_view_proves_is_what_was_told_and_leads_to_the_same_state(events):
    view = fold(recorded(events))
    told = {event.id: event for event in events}
    again = [event for entry in view.timeline if (event := proven_event(view, entry))]
    for event in again:
        first = told[event.id]
        assert (event.type, event.time, event.account) == (first.type, first.time, first.account)
        for field in KEPT.get(event.type, ()):
            assert getattr(event.payload(), field) == getattr(first.payload(), field)
    assert fold(recorded(again)).video.sha256 == view.video.sha256
    if view.state in SETTLED:
        assert fold(recorded(again)).state is view.state
    lost = {entry.type for entry in view.timeline if entry.run == view.run} - {each.type for each in again}
    assert lost <= NOT_KEPT


@PATIENT
@given(orderly())
def test_work_is_asked_for_when_the_last_run_is_not_over_or_its_mail_not_sent(events):
    view = fold(recorded(events))
    asking = [entry.type for entry in view.timeline if entry.run == view.run and asks_for_work(view, entry)]
    last = [event.type for event in events if event.type not in REMOVED][-1]
    if last in MAILED or view.state in (State.CANCELLED, State.DELETED):
        assert asking == []
    elif view.state in SETTLED:
        assert asking == [view.end_of(view.run).type]
    else:
        assert asking in (["job.uploaded"], ["job.requeued"])
