"""The audio that a job has to give, or the reason why it has none. Pure."""

from events.projections.job_view import SETTLED, Audio, JobView, State
from gateway.errors import NoAudio
from gateway.jobs.receipts import refuse_deleted, refuse_without_audio


def audio_of(view: JobView) -> Audio:
    """Return the audio that a job has to give. Raises JobGone, NoAudio."""
    refuse_deleted(view)
    refuse_without_audio(view)
    if view.result is not None:
        return view.result
    if view.state not in SETTLED:
        raise NoAudio(
            f"the audio is not ready yet: the job is {view.state}", view.job_id, view.state, waiting=True
        )
    if view.state is State.FAILED and view.failure is not None:
        message = f"the conversion failed: {view.failure.message}"
        raise NoAudio(message, view.job_id, view.state, code=view.failure.code)
    raise NoAudio(f"the job has no audio: it is {view.state}", view.job_id, view.state)


def audio_path(job_id: str) -> str:
    """Return the path of a job's audio at this gateway."""
    return f"/jobs/{job_id}/audio"


def peaks_path(job_id: str) -> str:
    """Return the path of the audio's waveform."""
    return f"/jobs/{job_id}/peaks"


def pauses_path(job_id: str) -> str:
    """Return the path of the audio's pauses."""
    return f"/jobs/{job_id}/pauses"


def cover_path(job_id: str) -> str:
    """Return the path of the audio's picture."""
    return f"/jobs/{job_id}/cover"
