"""Names of media files: what of one is its ending."""

ENDINGS = frozenset(
    """
    3g2 3gp 3gpp aac ac3 aif aiff alac amr ape asf au avi caf divx dts dv eac3 evo f4a f4v flac flv gxf h264
    h265 hevc ismv ivf m1v m2p m2t m2ts m2v m4a m4b m4p m4r m4v mj2 mk3d mka mkv mod mov mp2 mp3 mp4 mp4v mpa
    mpe mpeg mpg mpv mts mxf nut oga ogg ogm ogv ogx opus qt ra rm rmvb snd spx thd tod trp ts tta vob vro w64
    wav wave weba webm wma wmv wtv wv y4m zip
    """.split()  # noqa: SIM905 - a list of so many is a column
)
"""Endings, in small letters, that tell the kind of a file of sound or video, or of a ZIP of them."""


def divided(name: str) -> tuple[str, str]:
    """Return a file's name without its ending, and the ending in small letters; empty: it has none.

    Only what is known for an ending is one: what follows the last dot of `Episode 1. The End` is title.
    """
    stem, _, ending = name.rpartition(".")
    return (stem, ending.lower()) if stem and ending.lower() in ENDINGS else (name, "")
