"""The key of the vault: a file beside the database that only its owner may read, or a variable.

From the one secret, separate keys are derived for sealing, for looking names up, for pseudonyms and
for the forms of the page (HKDF, RFC 5869); none can be computed from another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from typing import TYPE_CHECKING

from geo.errors import InputError, UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

#: In the home of a situation.
KEY_FILE = "vault.key"
#: Holds the key instead of the file.
KEY_VARIABLE = "QAFILA_VAULT_KEY"
KEY_BYTES = 32
_PREFIX = "qafila-vault-1:"
_NONCE_BYTES = 12  # of AES-GCM, NIST SP 800-38D, section 5.2.1.1


class VaultKey:
    """The secret of a situation's vault; nothing of it is ever shown."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise InputError(
                f"a vault key of {len(secret)} bytes",
                f"{KEY_BYTES} are needed",
                "bring the right file",
            )
        self._secret = secret

    def __repr__(self) -> str:
        """Hide the secret."""
        return "VaultKey(…)"

    def seal(self, text: str, *, about: str) -> str:
        """Encrypt a text (AES-256-GCM), bound to what it is about, as base64."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._derived("seal")).encrypt(nonce, text.encode(), about.encode())
        return base64.b64encode(nonce + sealed).decode("ascii")

    def unseal(self, sealed: str, *, about: str) -> str:
        """Decrypt a text; raises `InputError` for another key, a changed text, another subject."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            data = base64.b64decode(sealed, validate=True)
            # The last letter has spare bits: without this, four texts would open as one seal.
            if base64.b64encode(data).decode("ascii") != sealed:
                raise ValueError("not the text that was written")
            plain = AESGCM(self._derived("seal")).decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], about.encode()
            )
            return plain.decode()
        except (InvalidTag, ValueError) as error:
            raise InputError(
                "the vault", "the key it was sealed with is needed", "bring the right vault.key"
            ) from error

    def tag(self, kind: str, text: str) -> str:
        """Give a keyed hash of a text: the same for the same text, and nothing without the key."""
        return hmac.new(self._derived(kind), text.encode(), hashlib.sha256).hexdigest()

    def pseudonym(self, prefix: str, text: str) -> str:
        """Give a salted id for a person: the same for the same text in this situation only."""
        digest = hmac.new(self._derived("pseudonym"), text.encode(), hashlib.sha256).digest()
        return f"{prefix}:{base64.b32encode(digest)[:26].decode('ascii').lower()}"

    def text(self) -> str:
        """Write the key as its file holds it."""
        return _PREFIX + base64.urlsafe_b64encode(self._secret).decode("ascii")

    def _derived(self, purpose: str) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = f"qafila vault 1 {purpose}".encode()
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(self._secret)


def parse_key(text: str, *, given: str) -> VaultKey:
    """Read a key; raises `InputError`, which never repeats it."""
    written = text.strip()
    try:
        if not written.startswith(_PREFIX):
            raise ValueError("another beginning")
        secret = base64.b64decode(written.removeprefix(_PREFIX), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise InputError(
            given,
            f"one line that begins with {_PREFIX} is needed",
            "bring the vault.key of this situation",
        ) from error
    return VaultKey(secret)


def find_key(home: Path, variable: str | None) -> VaultKey | None:
    """Give the key of the variable (its value), else of the home's file, else None.

    Raises `InputError` for a key that cannot be read or that others on this machine could read.
    """
    if variable:
        return parse_key(variable, given=KEY_VARIABLE)
    path = home / KEY_FILE
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableError(
            str(path), f"a readable file is needed ({error.strerror})", "check its permissions"
        ) from error
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InputError(
            str(path), "a file that only its owner may read is needed", f"run `chmod 600 {path}`"
        )
    if status.st_size > 1_000:
        raise InputError(str(path), "one line with the key is needed", "bring the right vault.key")
    try:
        return parse_key(path.read_text(encoding="ascii"), given=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(
            str(path), "a readable file with the key is needed", "bring the right vault.key"
        ) from error


def make_key(home: Path) -> VaultKey:
    """Make a key and write it into the home, for its owner only; one that is there stays."""
    key = VaultKey(secrets.token_bytes(KEY_BYTES))
    path = home / KEY_FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.text() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        found = find_key(home, None)
        if found is None:
            raise InputError(str(path), "a readable key is needed", "look at the file") from None
        return found
    except OSError as error:
        raise UnreadableError(
            str(path), f"the key cannot be written there ({error.strerror})", "check the disk"
        ) from error
    return key
