"""ffmpeg's command line, for a tool that reads hostile files. Pure.

ffmpeg gets descriptors and never a name. The source is its standard input and the result its standard output,
both seekable files. `fd` is the only protocol, so a playlist that poses as a video cannot open a neighbour or
a URL. Only the demuxers and *audio* decoders named here run. `-vn` alone would not do: video decoders run
while the file is probed. Decoders of pictures and of subtitles run in processes of their own.
"""

from msgspec import Struct

from workers.converter.containers.lead import Lead
from workers.converter.ffmpeg.plan import DEFAULT, Plan
from workers.converter.ffmpeg.words import SCRIPT, script

FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,mxf,gxf,dv,rm,"
    "wav,w64,aiff,caf,au,voc,mp3,aac,loas,flac,amr,ac3,eac3,dts,dtshd,truehd,mlp,ape,mpc,mpc8,tta,tak,wv,dsf,oma"
)
"""Demuxers: no playlists, no images, nothing that refers to other files."""

DECODERS = (
    "aac,aac_latm,mp3,mp3float,mp3adu,mp3adufloat,mp3on4,mp3on4float,mp2,mp2float,mp1,mp1float,als,"
    "ac3,eac3,dca,truehd,mlp,dolby_e,s302m,dvaudio,opus,libopus,vorbis,libvorbis,speex,"
    "flac,alac,wavpack,tta,tak,ape,mpc7,mpc8,dst,dsd_lsbf,dsd_msbf,dsd_lsbf_planar,dsd_msbf_planar,"
    "wmav1,wmav2,wmapro,wmalossless,wmavoice,cook,sipr,real_144,real_288,ralf,atrac1,atrac3,atrac3al,"
    "atrac3plus,atrac3plusal,amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,qcelp,evrc,ilbc,gsm,gsm_ms,"
    "g722,g723_1,g726,g726le,g729,truespeech,msnsiren,nellymoser,on2avc,imc,iac,qdm2,qdmc,mace3,mace6,"
    "adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_ima_dk3,adpcm_ima_dk4,adpcm_swf,adpcm_yamaha,adpcm_ct,"
    "adpcm_sbpro_2,adpcm_sbpro_3,adpcm_sbpro_4,"
    "pcm_alaw,pcm_mulaw,pcm_bluray,pcm_dvd,pcm_s8,pcm_s8_planar,pcm_u8,pcm_s16le,pcm_s16be,pcm_u16le,"
    "pcm_u16be,pcm_s24le,pcm_s24be,pcm_u24le,pcm_u24be,pcm_s32le,pcm_s32be,pcm_u32le,pcm_u32be,pcm_s64le,"
    "pcm_s64be,pcm_f16le,pcm_f24le,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,"
    "pcm_s16le_planar,pcm_s16be_planar,pcm_s24le_planar,pcm_s32le_planar"
)
"""Decoders for sound, so that none for video, subtitles or pictures runs."""

PICTURE_DECODERS = "h264,hevc,vp8,vp9,libdav1d,mpeg4,mpeg2video,mpeg1video,mjpeg,prores"
"""Decoders of pictures, for a frame as cover. Their process decodes nothing else."""

TEXT_DECODERS = "subrip,srt,ass,ssa,webvtt,mov_text,text"
"""Decoders of subtitles that are text. Their process decodes nothing else."""

FURTHER = 4
"""The descriptor of the second track of subtitles. Who reads them has no script."""
_SCRIPT = ("-protocol_whitelist", "fd", "-format_whitelist", "ffmetadata", "-f", "ffmetadata")

OVERRUN = 1.0
"""Seconds converted beyond the limit: so a sound that is too long differs from one that just fits."""


class Limits(Struct, frozen=True, kw_only=True):
    """The limits of one conversion. The defaults are far beyond what an honest video needs."""

    duration_seconds: float = 6 * 3600.0
    output_bytes: int = 1_000_000_000
    wall_seconds: float = 4 * 3600.0
    memory_bytes: int = 1 << 30
    """Bytes of address space; 256 MiB have sufficed."""
    block_bytes: int = 256 << 20
    """Bytes of one allocation."""
    open_files: int = 32
    streams: int = 64

    @property
    def cpu_seconds(self) -> int:
        """Two cores' worth of the wall clock: decoding and encoding overlap."""
        return round(self.wall_seconds) * 2 + 1

    @property
    def file_bytes(self) -> int:
        """Bytes at which the kernel stops the output, a little above ffmpeg's own limit."""
        return self.output_bytes + (16 << 20)


def arguments(limits: Limits, progress_fd: int, plan: Plan = DEFAULT, lead: Lead | None = None) -> list[str]:
    """Return ffmpeg's arguments for a plan: the source on descriptor 0, the result to descriptor 1.

    `lead` stands before the sound. The same source and plan always give the same bytes (`bitexact`).
    ffmpeg repeats a message as often as it
    happens (`repeat`), so that messages can be counted. `+faststart` is never used: ffmpeg would open its
    output a second time, to read it. On descriptors it then reads the *source* instead and exits with 0.
    """
    decoders = PICTURE_DECODERS if plan.pictures else TEXT_DECODERS if plan.texts else DECODERS
    return [
        *("-hide_banner", "-nostdin", "-nostats", "-loglevel", "repeat+info"),
        *("-progress", f"pipe:{progress_fd}", "-stats_period", "0.55"),
        *("-max_alloc", str(limits.block_bytes)),
        *(() if plan.texts else ("-abort_on", "empty_output+empty_output_stream")),
        *("-protocol_whitelist", "fd", "-format_whitelist", FORMATS, "-codec_whitelist", decoders),
        *("-max_streams", str(limits.streams), "-probesize", "10M", "-analyzeduration", "10M"),
        *(("-f", lead.format, "-skip_initial_bytes", str(lead.length)) if lead else ()),
        *(*plan.input, "-fd", "0", "-i", "fd:"),
        *((*_SCRIPT, "-fd", str(SCRIPT), "-i", "fd:") if script(plan.format, plan.words) else ()),
        *(_output(limits, plan) if plan.output else ()),
        *(each for at, track in enumerate(plan.texts) for each in _text(limits, track, at)),
    ]


def _output(limits: Limits, plan: Plan) -> list[str]:
    longest = ["-t", f"{limits.duration_seconds + OVERRUN:.3f}", "-fs", str(limits.output_bytes)]
    file = ["fd:"] if plan.output[-1] == "null" else ["-fd", "1", "fd:"]
    return [
        *plan.uniform,
        *(*plan.output, *longest, "-y", *file),
        *((*_packet_list(plan, longest), *plan.check, *longest[:2], "fd:") if plan.copied else ()),
    ]


def _text(limits: Limits, track: int, at: int) -> list[str]:
    """Write a track of subtitles as ASS: it has one line for each, whatever the text is."""
    return [
        *("-map", f"0:s:{track}", "-map_metadata", "-1", "-map_chapters", "-1"),
        *("-c:s", "ass", "-fflags", "+bitexact", "-flags:s", "+bitexact"),
        *("-f", "ass", "-ignore_readorder", "1", "-fs", str(limits.output_bytes)),
        *("-y", "-fd", str(FURTHER + at - 1 if at else 1), "fd:"),
    ]


def _packet_list(plan: Plan, longest: list[str]) -> list[str]:
    """List the packets on the descriptor behind all others, so that their times can be checked."""
    last = SCRIPT + 1 if script(plan.format, plan.words) else SCRIPT
    return [*plan.output[:2], "-c:a", "copy", *longest[:2], "-f", "framecrc", "-fd", str(last), "fd:"]
