import pytest

from auth.passwords import foreign_hashes
from auth.passwords.foreign_hashes import Kind, kept, kind
from auth.passwords.hasher import Hasher

PASSWORD = "Pässw0rd canary"

# As Werkzeug, Django, argon2-cffi and bcrypt write them, with few rounds.
MADE = [
    (
        Kind.PBKDF2,
        "pbkdf2:sha256:1000$DtyTni9uloo8RPF3$af2e2ea908e18f97cf04daae5456cd9c452aeb96c13a73c0ee825dc520c7e0b0",
    ),
    (
        Kind.SCRYPT,
        "scrypt:1024:8:1$qjgemeGieSprMKyi$b7ec2845427df4445f23b3da4f47eaf1880ef2a23910820d974ab04312646e97"
        "26acad3bddfdc5e390a0d2262f1d988e74ebc4806b34b4d678122112625fac27",
    ),
    (Kind.PBKDF2, "pbkdf2_sha256$1000$saltsalt$vmnVoS8034LvZ53k9OuG18R/28YofldlNmr5doRz0Ds="),
    (
        Kind.ARGON2,
        "argon2$argon2id$v=19$m=102400,t=2,p=8$UkZTRFlJcXZnWkNPSnJhdXJsNXpqRQ"
        "$YkMb5dlJfIhiWt/0h7IAygrI1ZYmF9If7zuTSXsDFEY",
    ),
    (Kind.BCRYPT, "bcrypt$$2b$04$cM7I4LgbjrZfDU/vDo.6peycmKo33mzV.sCoPisvzVdmW5i4t4VA."),
    (Kind.BCRYPT, "$2b$04$hUL83QM.oJqIq5CyKP1TqO3qT10kVZZDdXcL00cqUyaTbHEfKYQ2u"),
]


@pytest.mark.parametrize(("which", "stored"), MADE, ids=[stored[:16] for _, stored in MADE])
async def test_a_hash_of_others_fits_its_password_only_and_is_to_be_made_anew(
    which: Kind, stored: str
) -> None:
    passwords = Hasher()
    assert kind(stored) is which
    assert await passwords.verify(PASSWORD, kept(stored))
    assert not await passwords.verify(PASSWORD + "x", kept(stored))
    assert passwords.outdated(kept(stored))
    passwords.close()


@pytest.mark.parametrize(
    "stored",
    [
        "md5$wRAy3PuVfIqFRIOm830LqC$d844e784beaacac621902a9d8fe3fc17",
        "bcrypt_sha256$$2b$04$LmqrQBvBnf.O0mnqKJ5xkuqzM7BrExWpXR/W4El2KYf7/X95atO2y",
        "scrypt$16384$h9Ou704n4UWjfe3sIhL5is$8$5$yC0nirhvhqkzA/EeP0NKFAJ8U/LcQN3sRsERLvR387Z5FCzJZXv6q2lTEP11cA==",
        "$6$fVD..sGgS.hCLXX.$m4wQTpGZGpEO5l6rPS6ZV7Qo49AWo7lPDc32P5jy2wtd8iFwBO3AV0hgmwwog62/cLMzQlTmeKsVq/k9K",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
        "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
        "X03MO1qnZdYdgyfeuILPmQ==",
        "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",  # takes 4 GiB
        "$argon2id$v=19$m=262144,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",  # 256 MiB, for each core
        "$argon2id$v=19$m=8192,t=1,p=999$c2FsdHNhbHQ$aGFzaGhhc2g",  # starts as many threads
        "$2b$31$hUL83QM.oJqIq5CyKP1TqO3qT10kVZZDdXcL00cqUyaTbHEfKYQ2u",  # takes days
        "pbkdf2:sha256:99999999$salt$" + "00" * 32,
        "scrypt:8388608:8:1$salt$" + "00" * 64,
        "x" * 2000,
    ],
    ids=lambda stored: stored[:12],
)
def test_what_cannot_be_verified_cheaply_is_no_password_either(stored: str) -> None:
    assert kind(stored) is Kind.UNKNOWN
    assert not foreign_hashes.verify(b"anything", stored)


def test_numbers_that_no_library_takes_let_nobody_in() -> None:
    for stored in (
        "scrypt:131072:1:1$salt$" + "00" * 64,
        "$2b$00$hUL83QM.oJqIq5CyKP1TqO3qT10kVZZDdXcL00cqUyaTbHEfKYQ2u",
    ):
        assert not foreign_hashes.verify(b"anything", stored)


@pytest.mark.parametrize(
    "stored", ["Admin123", "pa$$word", "correct horse battery staple", "{curly}", "ü" * 60, "deadbeef", "$1"]
)
def test_what_people_type_is_plain(stored: str) -> None:
    assert kind(stored) is Kind.PLAIN


async def test_an_account_without_a_password_lets_nobody_in() -> None:
    passwords = Hasher()
    assert kind("") is Kind.NONE
    assert not await passwords.verify("", "")
    passwords.close()
