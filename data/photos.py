"""Photos from phones: decoded under limits and written anew, so that only the picture is left.

What came is never kept: position, device, comments and anything hidden behind the picture go.
"""

from __future__ import annotations

import io
import warnings

from geo.errors import InputError, TooLargeError

#: What a phone may send, and what is kept of it.
MAX_GIVEN_BYTES = 250_000
MAX_KEPT_BYTES = 200_000
#: Pixels that are decoded at most: a phone's camera has 50 million and its page sends far fewer.
MAX_PIXELS = 25_000_000
LONGEST_SIDE_PX = 1_600
FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITIES = (82, 70, 55, 40, 25)


def clean_photo(given: bytes) -> bytes:
    """Give a photo as a JPEG of at most `MAX_KEPT_BYTES` without metadata, upright.

    Raises
    ------
    TooLargeError
        It has more bytes or pixels than are decoded.
    InputError
        It is no JPEG, PNG or WebP, or broken.
    """
    from PIL import Image, ImageOps

    if len(given) > MAX_GIVEN_BYTES:
        raise TooLargeError(
            f"a photo of {len(given):,} bytes", f"at most {MAX_GIVEN_BYTES:,}", "make it smaller"
        )
    try:
        with warnings.catch_warnings():
            # Pillow warns of a bomb before it refuses one: here a warning is enough.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(given), formats=FORMATS) as opened:
                width, height = opened.size
                if width * height > MAX_PIXELS:
                    raise TooLargeError(
                        f"a photo of {width} × {height}",
                        f"at most {MAX_PIXELS:,} pixels",
                        "make it smaller",
                    )
                # Turned as the camera said, before what it said is dropped.
                upright = ImageOps.exif_transpose(opened).convert("RGB")
    except TooLargeError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise InputError(
            "a photo", "a whole JPEG, PNG or WebP is needed", "take the picture again"
        ) from error
    upright.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    for quality in _QUALITIES:
        kept = _jpeg(upright, quality)
        if len(kept) <= MAX_KEPT_BYTES:
            return kept
    # Noise from edge to edge: half the size is a quarter of the bytes.
    upright.thumbnail((LONGEST_SIDE_PX // 2, LONGEST_SIDE_PX // 2))
    return _jpeg(upright, _QUALITIES[-1])


def _jpeg(picture: object, quality: int) -> bytes:
    from PIL import Image

    if not isinstance(picture, Image.Image):
        raise TypeError("a decoded picture is needed")
    # Pixels only: a picture made anew from them carries nothing else along.
    bare = Image.frombytes("RGB", picture.size, picture.tobytes())
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=quality, optimize=True)
    return written.getvalue()
