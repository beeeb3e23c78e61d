"""A certificate is what was signed, and nothing else."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from data.volunteering.certificate import (
    PREFIX,
    Certificate,
    code_of,
    message_of,
    new_salt,
    read_code,
)
from geo.errors import InputError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
PAPER = Certificate(
    certificate_id="certificate:1",
    situation_id="situation:1",
    situation="Al Haouz",
    organisation="Toit Atlas",
    name="عائشة",
    volunteer_id="volunteer:v-1",
    shifts=2,
    seconds=30_600,
    first_day="2023-09-12",
    last_day="2023-09-13",
    issued_at="2023-09-20T10:00:00+00:00",
    salt="00" * 16,
)


def signed(paper: Certificate = PAPER) -> str:
    return code_of(paper, public_key=PUBLIC, signature=KEY.sign(message_of(paper)).hex())


def test_a_code_gives_back_what_was_certified() -> None:
    assert read_code(f" {signed()}\n") == (PAPER, PUBLIC)
    assert PAPER.hours == 8.5


def repacked(**changes: object) -> str:
    prefix, _, key, signature = signed().rsplit(":", 3)
    said = json.loads(PAPER.text()) | changes
    packed = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"{prefix}:{packed}:{key}:{signature}"


@pytest.mark.parametrize(
    "changes",
    [{"seconds": 306_000}, {"name": "Someone else"}, {"salt": "11" * 16}, {"seconds": "30600"},
     {"more": 1}, {"shifts": True}],
)  # fmt: skip
def test_a_certificate_edited_by_hand_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError, match="altered or forged"):
        read_code(repacked(**changes))


@pytest.mark.parametrize(
    "code",
    ["", "hello", f"{PREFIX}:abc", f"{PREFIX}:{'A' * 9_000}:{PUBLIC}:{'0' * 128}"],
)
def test_what_is_no_certificate_is_said_to_be_none(code: str) -> None:
    with pytest.raises(InputError, match="begins with"):
        read_code(code)


def test_the_digest_does_not_tell_the_name() -> None:
    from dataclasses import replace

    assert replace(PAPER, salt=new_salt()).digest() != PAPER.digest()
    assert len(PAPER.digest()) == 64
