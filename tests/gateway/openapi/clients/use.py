"""What a program would do with the generated client, typed, against a gateway: URL TOKEN."""

import sys
from io import BytesIO
from uuid import UUID

from tonearm_client.api.audio import download_job_audio
from tonearm_client.api.jobs import get_job, list_jobs
from tonearm_client.api.options import check_options, delete_preset, remove_preset, save_preset, set_preset
from tonearm_client.api.uploads import upload_video
from tonearm_client.client import AuthenticatedClient
from tonearm_client.models.accepted import Accepted
from tonearm_client.models.checked_options import CheckedOptions
from tonearm_client.models.format_ import Format
from tonearm_client.models.job import Job
from tonearm_client.models.jobs import Jobs
from tonearm_client.models.list_jobs_include import ListJobsInclude
from tonearm_client.models.options import Options
from tonearm_client.models.preset import Preset
from tonearm_client.models.problem import Problem
from tonearm_client.models.state import State
from tonearm_client.models.upload_video_body import UploadVideoBody
from tonearm_client.types import File, Unset

url, token = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=token)

video = UploadVideoBody(file=File(BytesIO(b"video"), "generated.mp4", "video/mp4"))
accepted = upload_video.sync(client=client, body=video, format_=Format.OPUS)
assert isinstance(accepted, Accepted), accepted
job = get_job.sync(accepted.job_id, client=client)
assert isinstance(job, Job)
assert (job.audio, job.error, job.options.format_) == (None, None, Format.OPUS)
assert job.video is not None
assert job.video.bytes_ == 5

page = list_jobs.sync(
    client=client, q="GENERATED", state=State.UPLOADED, family=UUID(job.family), since=job.created
)
assert isinstance(page, Jobs)
[listed] = page.items
assert listed.job_id == job.job_id
assert isinstance(listed.timeline, Unset)
assert page.next_cursor is None
page = list_jobs.sync(client=client, include=ListJobsInclude.TIMELINE)
assert isinstance(page, Jobs)
assert not isinstance(page.items[0].timeline, Unset)
assert page.items[0].timeline[0].type_ == "job.uploaded"

sound = download_job_audio.sync(job.job_id, client=client)
assert isinstance(sound, Problem)
assert sound.type_ == "/problems/no-audio"

preset = set_preset.sync(client=client, format_=Format.FLAC)
assert isinstance(preset, Options)
assert delete_preset.sync_detailed(client=client).status_code == 204
saved = save_preset.sync("Speech / phone", client=client, format_=Format.OPUS)
assert isinstance(saved, Preset)
assert saved.options.format_ is Format.OPUS
checked = check_options.sync(client=client, preset=saved.name)
assert isinstance(checked, CheckedOptions)
assert isinstance(checked.options, Options)
assert (checked.options.format_, checked.bytes_per_second) == (Format.OPUS, 16_000)
assert remove_preset.sync_detailed(saved.name, client=client).status_code == 204
print(job.job_id)
