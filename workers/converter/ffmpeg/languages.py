"""Languages by their codes of two and three letters: people type `en` or `en-GB`, files hold `eng`. Pure.

ISO 639-1 with the terminology and the bibliographic code of ISO 639-2, for the languages that have a
film industry or twenty million speakers. Others are compared as they stand.
"""

_SAME = """
ar ara|bg bul|bn ben|ca cat|cs ces cze|cy cym wel|da dan|de deu ger|el ell gre|en eng|es spa|et est|eu eus baq
fa fas per|fi fin|fil fil tgl|fr fra fre|ga gle|gl glg|gu guj|he heb|hi hin|hr hrv|hu hun|hy hye arm|id ind
is isl ice|it ita|ja jpn|jv jav|ka kat geo|kn kan|ko kor|lt lit|lv lav|mk mkd mac|ml mal|mr mar|ms msa may
nb nob nor|nl nld dut|nn nno|no nor|pa pan|pl pol|pt por|ro ron rum|ru rus|sk slk slo|sl slv|sq sqi alb|sr srp
sv swe|sw swa|ta tam|te tel|th tha|tl tgl|tr tur|uk ukr|ur urd|vi vie|yue yue|zh zho chi
"""
_CODES = {
    code: frozenset(codes.split()) for codes in _SAME.replace("\n", "|").split("|") for code in codes.split()
}


def same_language(one: str, other: str) -> bool:
    """Return True if two codes stand for one language. A region behind a hyphen is ignored."""
    a, b = (each.lower().split("-")[0] for each in (one, other))
    if not a or not b:
        return False  # an unknown language is no other's, not even another unknown one's
    return a == b or b in _CODES.get(a, ()) or a in _CODES.get(b, ())
