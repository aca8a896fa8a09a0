"""Every problem that clients can meet: what it is called, what it means, and what helps.

The gateway has a page for each, `/problems/{name}`, auth's among them: clients reach auth by the gateway.
So the names are part of the public interface. Which error is which stands in each service's own table.
"""

from http import HTTPStatus
from typing import Final

from service.problems import Kind

_LATER = "Send the same request again after the seconds that `Retry-After` names."
_FIELD = "`detail` names the field, or the parameter, and says what it takes. Send it again with that."

# What is asked

BAD_REQUEST: Final = Kind(
    400,
    "bad-request",
    "The request cannot be read",
    "The request is no HTTP, no JSON or not of the form that its Content-Type names.",
    "Look at `detail`, and at the call in the OpenAPI document, /schema.",
)
BAD_HOST: Final = Kind(
    400,
    "bad-host",
    "Not one good Host",
    "An HTTP/1.1 request has exactly one header `Host` with a name or an address (RFC 9112, 3.2).",
    "Have your client, or the proxy between, send the host of this service once.",
)
BAD_HEADER: Final = Kind(
    400,
    "bad-header",
    "A header cannot be read",
    "A header that this service reads has a byte other than printable ASCII.",
    "`detail` names the header. Encode what is not ASCII as the header's own standard says.",
)
ENCODED: Final = Kind(
    415,
    "encoded",
    "The body is encoded",
    "The body came with a `Content-Encoding`, such as gzip. It is taken as it is (RFC 9110, 15.5.16).",
    "Send it without. A video is compressed already, and would not become smaller.",
)
NOTHING_HERE: Final = Kind(
    404,
    "nothing-here",
    "There is nothing here",
    "No page and no call has this address.",
    "Compare it with the addresses in the OpenAPI document, /schema.",
)
BAD_METHOD: Final = Kind(
    405,
    "bad-method",
    "Not by this method",
    "The address is right, but it does not take this method.",
    "Use one of the methods that the header `Allow` names.",
)
BAD_PARAMETERS: Final = Kind(
    422,
    "bad-parameters",
    "A parameter does not fit",
    "A query parameter is unknown, is missing, is given twice, or has a value that it does not take.",
    "`errors` names each of them, and what it takes. A misspelt parameter is refused, never ignored.",
)
BAD_FIELD: Final = Kind(
    422,
    "bad-field",
    "A field does not fit",
    "The body is JSON, but a field is missing, or has a value that it does not take.",
    _FIELD,
)
TOO_LARGE: Final = Kind(
    413,
    "too-large",
    "Too large",
    "The body is longer than the server takes: a video of more than MAX_UPLOAD_BYTES, or another body of more"
    " than some kilobytes.",
    "`detail` names the limit. Send a smaller file, or ask the operator for a higher limit.",
)
STALLED: Final = Kind(
    408,
    "stalled",
    "The body stalled",
    "The body came too slowly, or not at all for too long.",
    "Send it again over a better connection. Nothing was kept.",
)
CUT_OFF: Final = Kind(
    400,
    "cut-off",
    "The body was cut off",
    "The connection ended before the body did.",
    "Send it again. Nothing was kept.",
)

# Who asks

NOT_SIGNED_IN: Final = Kind(
    401,
    "not-signed-in",
    "Sign in first",
    "There are no credentials, or they are not good, or not any more.",
    "`POST /login` brings a token, `POST /refresh` the next one. `WWW-Authenticate` names what is taken.",
)
NOT_ALLOWED: Final = Kind(
    403,
    "not-allowed",
    "Not allowed",
    "You are signed in, but your account or your API key may not do this.",
    "Use an API key with the scope that `detail` names, or ask the operator for the role.",
)
FROM_ELSEWHERE: Final = Kind(
    403,
    "from-elsewhere",
    "Not from this site",
    "The request comes with a cookie, and nothing shows that a page of this site has sent it. Or a page of"
    " another site asks whether it may call, and the operator has not named that site.",
    "Programs and pages of other sites send a token in `Authorization` instead of cookies. The setting"
    " `CORS_ORIGINS` names the sites.",
)
TOO_MANY_TRIES: Final = Kind(
    429,
    "too-many-tries",
    "Too many tries",
    "There were too many wrong passwords or codes for this account or from this address, or too many letters"
    " or sign-ins of devices were asked for.",
    "Wait for the seconds that `Retry-After` names.",
)
REGISTRATION_CLOSED: Final = Kind(
    403,
    "registration-closed",
    "Registration is closed",
    "Only who is invited gets an account here, or only the operator makes accounts.",
    "Follow the link in your invitation, or ask the operator for one.",
)
SIGN_IN_AGAIN: Final = Kind(
    403,
    "sign-in-again",
    "Sign in again first",
    "Your account has no password that could be asked for, and the session began too long ago for this.",
    "Sign in by your provider once more, and send the request within ten minutes.",
)
ACCOUNT_EXISTS: Final = Kind(
    409,
    "account-exists",
    "The address has an account",
    "There is an account with this address already.",
    "Sign in. A forgotten password is replaced by /password/forgot.",
)
LINK_SPENT: Final = Kind(
    410,
    "link-spent",
    "The link is not good any more",
    "The link of a mail was used, has expired, or was replaced by a later one.",
    "Ask for another mail.",
)
SIGN_IN_FAILED: Final = Kind(
    422,
    "sign-in-failed",
    "The sign-in was not completed",
    "What the provider sent back does not fit what was asked of it here, or came too late.",
    "Begin the sign-in again, and keep this site's cookies meanwhile.",
)
SIGN_IN_REFUSED: Final = Kind(
    403,
    "sign-in-refused",
    "No account for this person",
    "The provider knows you, but there is no account here that you may use.",
    "Ask the operator. `detail` has the reason.",
)
NO_SUCH_PROVIDER: Final = Kind(
    404,
    "no-such-provider",
    "No such provider",
    "Nobody can sign in by a provider with this name here.",
    "`GET /login/oidc` lists those there are.",
)
NO_SUCH_DEVICE: Final = Kind(
    404,
    "no-such-device",
    "No device waits with this code",
    "The code is mistyped, is older than ten minutes, or was answered already.",
    "Compare it with what the device shows, or begin the sign-in there again.",
)
DEVICE_WAITS: Final = Kind(
    400,
    "device-waits",
    "The device is not signed in",
    "`error` says why, in the words of RFC 8628: `authorization_pending` (nobody has answered yet),"
    " `slow_down` (it asks too often), `access_denied`, or `expired_token` (or the code was used).",
    "After the first two ask again, after the second five seconds later each time. Else begin again by"
    " `POST /login/device`.",
)
NO_SUCH_ACCOUNT: Final = Kind(
    404, "no-such-account", "No such account", "No account has this id.", "There is nothing to do."
)
NO_SUCH_KEY: Final = Kind(
    404,
    "no-such-key",
    "No such key",
    "Your account has no API key with this id; it may be revoked already.",
    "`GET /keys` lists those there are.",
)
NO_SUCH_SESSION: Final = Kind(
    404,
    "no-such-session",
    "No such session",
    "Your account has no session with this id; it may have ended already.",
    "`GET /sessions` lists those there are.",
)

# Jobs

NO_SUCH_JOB: Final = Kind(
    404,
    "no-such-job",
    "No such job",
    "You have no job with this id. Other people's jobs are not told from those that do not exist.",
    "`GET /jobs` lists yours. Look that you are signed in to the right account.",
)
JOB_GONE: Final = Kind(
    410,
    "job-gone",
    "The job's files are gone",
    "The job was deleted, or its video is not stored any more.",
    "Upload the video again.",
)
HISTORY_CUT: Final = Kind(
    410,
    "history-cut",
    "The log does not reach back so far",
    "The job's first events are no longer in the log, so it cannot be shown as it was.",
    "Ask without `at`: the job as it is now is kept apart from the log.",
)
WRONG_STATE: Final = Kind(
    409,
    "wrong-state",
    "Not in this state",
    "A job that is over cannot be cancelled. Only one that failed, or was cancelled, is converted once more.",
    "`state` is the job's state. `POST /jobs/{job_id}/outputs` converts any video again, as another job.",
)
NO_AUDIO: Final = Kind(
    409,
    "no-audio",
    "There is no audio",
    "The job has no audio: not yet, or its conversion failed. `state` is the job's state. An upload that"
    " waited for its audio (`Prefer: wait`) is answered so, too: its job exists, and `job_id` names it.",
    "With `Retry-After`, ask again after so many seconds. Without it, `code` and `detail` have the reason.",
)
NO_SUCH_FEED: Final = Kind(
    404,
    "no-such-feed",
    "No such feed",
    "No feed has this id or this address, or it belongs to another account.",
    "`GET /feeds` lists the feeds of your account, with their addresses.",
)
FEED_REVOKED: Final = Kind(
    410,
    "feed-revoked",
    "The feed was revoked",
    "Its owner has ended this feed. Its address opens nothing any more, for nobody.",
    "Ask its owner for the address of another one.",
)
NO_SUCH_WEBHOOK: Final = Kind(
    404,
    "no-such-webhook",
    "No such webhook",
    "No webhook has this id, or it belongs to another account.",
    "`GET /webhooks` lists those of your account.",
)
NO_SUCH_DELIVERY: Final = Kind(
    404,
    "no-such-delivery",
    "No such delivery",
    "Nothing with this id was to be delivered to the webhook in the last 30 days.",
    "`GET /webhooks/{webhook_id}/deliveries` lists what was.",
)
WEBHOOK_DISABLED: Final = Kind(
    409,
    "webhook-disabled",
    "The webhook is disabled",
    "Its receiver has answered 410, or has accepted nothing for five days; or the operator has taken away the"
    " secret that its address was sealed by. Nothing is sent to it any more.",
    "Delete it, and make another one once the receiver is well.",
)
NOT_PROBED: Final = Kind(
    409,
    "not-probed",
    "Not looked at yet",
    "No worker has looked into this video yet.",
    _LATER,
    2,
)
NO_MEDIA: Final = Kind(
    404,
    "no-media",
    "Nothing is known of the video",
    "The job ended before a worker could tell what its video holds.",
    "`error` of the job has the reason.",
)
NO_PEAKS: Final = Kind(
    404,
    "no-peaks",
    "There is no waveform",
    "The audio has no peaks: it is a ZIP, or older than this feature, or they could not be measured.",
    "`peaks_url` of the job's `audio` says whether there are any.",
)
NO_PAUSES: Final = Kind(
    404,
    "no-pauses",
    "Nothing is known of pauses",
    "Nobody has looked for pauses: the audio is a ZIP, or older than this feature, or could not be measured.",
    "`pauses_url` of the job's `audio` says whether they are known.",
)
NO_SUCH_LINK: Final = Kind(
    404,
    "no-such-link",
    "No such link",
    "There is no link with this address or this id, or it is somebody else's.",
    "Look whether the address is whole. `GET /links` lists yours.",
)
LINK_ENDED: Final = Kind(
    410,
    "link-ended",
    "The link has ended",
    "The link has expired, its owner has taken it back, or its audio was deleted.",
    "Ask who gave it to you for another one.",
)
TOO_MANY_LINKS: Final = Kind(
    409,
    "too-many-links",
    "Too many links",
    "The job has as many links as it may have.",
    "Hand on a link that there is. `GET /jobs/{job_id}/links` lists them.",
)
NO_CLIP: Final = Kind(
    409,
    "no-clip",
    "No part can be cut out",
    "A link to a part of the audio needs an MP3 of one file, and a part that lies in it.",
    "Ask for another output with `start` and `end`, and hand on that: `POST /jobs/{job_id}/outputs`.",
)
NO_COVER: Final = Kind(
    404,
    "no-cover",
    "There is no cover",
    "The audio holds no picture. In a ZIP, and in Opus, Ogg and WAV, there never is one.",
    "`cover_url` of the job's `audio` says whether there is one.",
)
NO_SUCH_TRANSCRIPT: Final = Kind(
    404,
    "no-such-transcript",
    "No such transcript",
    "The job has no transcript with this id, or none any more: those of the video go with the audio.",
    "`GET /jobs/{job_id}/transcripts` lists them. Their addresses end with .vtt, .srt or .json.",
)
BAD_TRANSCRIPT: Final = Kind(
    422,
    "bad-transcript",
    "Not a transcript",
    "The body is neither WebVTT nor SubRip in UTF-8, or no cue of it is in the time of the audio. The audio"
    " that is a ZIP of chapters takes none.",
    "`detail` says what is wrong. With `of=video` the times are the video's, and moved as the audio was cut.",
)
TOO_MANY_TRANSCRIPTS: Final = Kind(
    409,
    "too-many-transcripts",
    "Too many transcripts",
    "The job has as many transcripts of yours as it may have.",
    "Delete one that you do not need any more.",
)
NOT_GIVEN: Final = Kind(
    409,
    "not-given",
    "Not one that you gave",
    "The transcript was made of the video's subtitles, so it is a part of the result.",
    "Give one of your own: it stands before the video's. To delete the job deletes them all.",
)
CHANGED: Final = Kind(
    412,
    "changed",
    "Not the version you asked for",
    "The file has another entity tag than `If-Match` names, or is newer than `If-Unmodified-Since`.",
    "Fetch it as a whole.",
)
NO_RANGE: Final = Kind(
    416,
    "no-range",
    "No such range",
    "The file ends before the range begins.",
    "`Content-Range` has the length of the file.",
)
NO_SUCH_ARCHIVE: Final = Kind(
    404,
    "no-such-archive",
    "No such archive",
    "You have chosen no jobs under this id, or longer ago than it is kept.",
    "Choose them once more by `POST /archives`.",
)
TOO_MANY_REQUESTS: Final = Kind(
    429,
    "too-many-requests",
    "Too many requests at once",
    "So many requests from your address are under way that no other may begin.",
    "Let some of them end, and send the next after the seconds that `Retry-After` names.",
    2,
)
STORAGE_FULL: Final = Kind(
    413,
    "quota-exceeded",
    "A limit of your account is reached",
    "Your account may store so many bytes of video and audio, and no more. `allowed` says how many.",
    "Delete jobs that you do not need any more. `GET /usage` shows what is stored.",
)
QUOTA_EXCEEDED: Final = STORAGE_FULL._replace(
    status=429,
    meaning="An account has limits: of open jobs, uploads at once, jobs and audio a day, requests a minute."
    " `limit` names which, `allowed` says how many. Where it may store no more bytes the status is 413.",
    remedy="Wait for the seconds that `Retry-After` names. `GET /usage` shows what you use, and all limits.",
)
TOO_MANY_DOWNLOADS: Final = Kind(
    429,
    "too-many-downloads",
    "Too many downloads at once",
    "Your account, or your address, has as many downloads under way as it may.",
    "Let one end first. A download that nobody reads is ended after half a minute.",
    5,
)
TOO_MANY_OUTPUTS: Final = Kind(
    429,
    "too-many-outputs",
    "Too many outputs of one video at once",
    "As many jobs of this video wait or are under way as may be, so that others get their turn.",
    "Ask again when one of them is over.",
    10,
)
TOO_MANY_STREAMS: Final = Kind(
    429,
    "too-many-streams",
    "Too many event streams",
    "Your account has as many event streams open as it may.",
    "Close one, or watch all jobs by one stream, `GET /events`.",
    5,
)

# Uploads

NOT_A_FORM: Final = Kind(
    415,
    "not-a-form",
    "Not a form",
    "The body is not `multipart/form-data` with a boundary.",
    "Send the field `file` of a form, or the bare bytes by `PUT /upload/{filename}`.",
)
BAD_FORM: Final = Kind(
    400,
    "bad-form",
    "The form cannot be read",
    "The body is not the multipart form that its Content-Type announces.",
    "Let a library make the form. `detail` names the place.",
)
TOO_MANY_FIELDS: Final = Kind(
    422,
    "too-many-fields",
    "Too many fields in the form",
    "The form has more fields than an upload can need.",
    "Send the options and `file`, each once.",
)
NO_FILE: Final = Kind(
    422,
    "no-file",
    "No single file in the form",
    "The form has no field with the name `file`, or more than one.",
    "Send one video at a time, as the field `file`.",
)
EMPTY_FILE: Final = Kind(
    422,
    "empty-file",
    "The file is empty",
    "The upload has no bytes.",
    "Look whether the file on your disk has any.",
)
TUS_VERSION: Final = Kind(
    412,
    "tus-version",
    "Another version of tus",
    "Uploads at /files go by tus 1.0, and every request but OPTIONS says so: `Tus-Resumable: 1.0.0`.",
    "Let a library for tus send it, such as tus-js-client or tuspy. `Tus-Version` names what is spoken here.",
)
BAD_UPLOAD_HEADER: Final = Kind(
    400,
    "bad-upload-header",
    "A header of the upload does not fit",
    "A header of tus 1.0 is missing, has a value that it does not take, or does not go with another one.",
    "`detail` names the header, and what it takes.",
)
NOT_A_PIECE: Final = Kind(
    415,
    "not-a-piece",
    "Not a piece of a file",
    "The body comes without the Content-Type that tus 1.0 has for pieces of files.",
    "Send `Content-Type: application/offset+octet-stream`.",
)
CHECKSUM_MISMATCH: Final = Kind(
    460,
    "checksum-mismatch",
    "The checksum does not fit",
    "The bytes that came are not those of which `Upload-Checksum` was made. None of them was kept.",
    "Send the piece again.",
)
NO_SUCH_UPLOAD: Final = Kind(
    404,
    "no-such-upload",
    "No such upload",
    "You have no upload with this id. Other people's uploads are not told from those that do not exist.",
    "Begin a new one by `POST /files`.",
)
UPLOAD_GONE: Final = Kind(
    410,
    "upload-gone",
    "The upload is gone",
    "Nothing came for so long that the upload expired, or it was terminated. Its bytes are not kept.",
    "Begin a new one by `POST /files`. `Upload-Expires` tells of the time that is left.",
)
IMPORTS_OFF: Final = Kind(
    403,
    "imports-off",
    "This server fetches nothing",
    "Videos can be fetched from an address only where the operator has switched that on.",
    "Download the video, and upload it. Or ask the operator for `IMPORTS=on`.",
)
ADDRESS_REFUSED: Final = Kind(
    422,
    "address-refused",
    "The address is not asked",
    "It is no address of the web, or it leads to a network or a port that is not for everybody.",
    "`detail` says what is wrong. Send the address of the file itself, `https://…` or `http://…`.",
)
NO_SUCH_IMPORT: Final = Kind(
    404,
    "no-such-import",
    "No such import",
    "You have no import with this id. Other people's imports are not told from those that do not exist.",
    "Look at your imports by `GET /imports`.",
)
TOO_MANY_IMPORTS: Final = Kind(
    429,
    "too-many-imports",
    "Too many imports at once",
    "As many imports of your account wait or are under way as may be, so that others get their turn.",
    "Ask again when one of them is over, or call one off.",
    30,
)
OTHER_OFFSET: Final = Kind(
    409,
    "other-offset",
    "Not where the stored bytes end",
    "The piece does not begin where the stored bytes end, or another request has gone on with this upload.",
    "`Upload-Offset` has the number of stored bytes. Go on from there.",
)
UPLOAD_BUSY: Final = Kind(
    423,
    "upload-busy",
    "Another request is writing to it",
    "Another request brings bytes of this upload at this moment.",
    "Send `HEAD`: it ends the other request, and `Upload-Offset` tells where to go on.",
    2,
)
NO_ROOM: Final = Kind(
    507,
    "no-room",
    "The storage is full",
    "The database has no room for more bytes. This is not a limit of your account.",
    "Tell the operator. What was stored of an upload at /files is kept, and goes on later.",
    60,
)
BAD_OPTIONS: Final = Kind(
    422,
    "bad-options",
    "Not possible as asked",
    "An option does not exist, has a value that it does not take, or does not go with another one.",
    "`errors` names each, and what would be right.",
)
BAD_KEY: Final = Kind(
    422,
    "bad-idempotency-key",
    "Not an Idempotency-Key",
    "The header `Idempotency-Key` is empty, too long, or has other characters than printable ASCII.",
    "Send 1 to 255 of them, such as a UUID.",
)
KEY_IN_USE: Final = Kind(
    409,
    "idempotency-key-in-use",
    "The first upload is still under way",
    "An upload with this `Idempotency-Key` has not ended yet.",
    _LATER,
    5,
)
KEY_REUSED: Final = Kind(
    422,
    "idempotency-key-reused",
    "The key belongs to another file or other options",
    "This `Idempotency-Key` came with another upload within the last 24 hours.",
    "Use a new key for a new upload.",
)
MAYBE_ACCEPTED: Final = Kind(
    503,
    "maybe-accepted",
    "The upload may or may not have been accepted",
    "The log did not confirm the upload in time. `job_id` is the job's id, if there will be one.",
    "Send it again with the same `Idempotency-Key`: it becomes one job at most. Or look for the job later.",
    5,
)

# The server

SHUTTING_DOWN: Final = Kind(
    503, "shutting-down", "The server is about to stop", "It takes no more uploads.", _LATER, 2
)
CROWDED: Final = Kind(503, "crowded", "Too many at once", "Too many ask for the same at once.", _LATER, 2)
HANDS_NOTHING_OUT: Final = Kind(
    501,
    "hands-nothing-out",
    "This server hands nothing out",
    "Links, feeds and webhooks are signed or sealed by the setting `HANDOVER_SECRETS`, and it is not set.",
    "The operator sets it for gateways and notifiers alike.",
)
UNAVAILABLE: Final = Kind(
    503,
    "unavailable",
    "Try again later",
    "A part that this needs is away or slow: the database, the log, or another service.",
    _LATER,
    5,
)
MAYBE_DONE: Final = Kind(
    503,
    "maybe-done",
    "It may or may not have been done",
    "The log did not confirm in time what was asked for. It may hold it all the same.",
    "Look at the job in a moment. To send the same request again is safe: nothing is done twice.",
    5,
)
NOT_READY: Final = Kind(
    503,
    "not-ready",
    "Not ready",
    "The service cannot do its work now. `missing` names what it lacks.",
    "Operators find each name in the runbook. Requests go to another replica meanwhile.",
    2,
)
INTERNAL: Final = Kind(
    500,
    "internal",
    "Something went wrong on our side",
    "An error that nobody foresaw. It was logged.",
    "Trying again may help. If not, tell the operator the time, and the `instance`.",
)

ALL: Final = {kind.name: kind for kind in list(vars().values()) if isinstance(kind, Kind)}
"""By name."""

_OF_STATUS = {kind.status: kind for kind in (BAD_REQUEST, NOTHING_HERE, BAD_METHOD, STALLED, TOO_LARGE)}


def of_status(status: int) -> Kind:
    """Return the problem for an error of the framework's own, below 500."""
    return _OF_STATUS.get(status, Kind(status))


def detail_of(status: int, detail: str) -> str:
    """Return the detail of such an error; where it only names the status, what that means."""
    return of_status(status).meaning if detail == HTTPStatus(status).phrase else detail
