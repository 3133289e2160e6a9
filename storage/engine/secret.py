"""Id numbers at rest: sealed for reading back, indexed blindly for looking up; and the audit chain's signature."""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class BadKeyError(ValueError):
    """The key is not 32 bytes of base64."""


def new_key() -> str:
    """Makes a fresh key as text, for `CHUISHAO_KEY`."""
    return base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode()


class Secrets:
    """Everything that is derived from the one key of an installation."""

    def __init__(self, key: str) -> None:
        try:
            master = base64.urlsafe_b64decode(key.encode())
        except ValueError as error:
            raise BadKeyError("not base64") from error
        if len(master) != KEY_BYTES:
            raise BadKeyError(f"{len(master)} bytes, not {KEY_BYTES}")
        self._cipher = AESGCM(self._derive(master, b"seal"))
        self._index = hmac.new(self._derive(master, b"index"), digestmod=hashlib.sha256)
        self._audit = hmac.new(self._derive(master, b"audit"), digestmod=hashlib.sha256)
        self._attesting = Ed25519PrivateKey.from_private_bytes(self._derive(master, b"audit head"))
        self.push_key = self._derive(master, b"push")
        """With which the page's push messages are signed; the same for every process of the installation."""

    @staticmethod
    def _derive(master: bytes, purpose: bytes) -> bytes:
        return HKDF(SHA256(), KEY_BYTES, None, b"chuishao/" + purpose).derive(master)

    def seal(self, text: str) -> str:
        """Encrypts; the same text gives another result each time."""
        nonce = os.urandom(12)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), None)).decode()

    def unseal(self, sealed: str) -> str:
        """Raises cryptography's InvalidTag where the text was changed or the key is another."""
        raw = base64.b64decode(sealed)
        return self._cipher.decrypt(raw[:12], raw[12:], None).decode()

    def index(self, text: str) -> str:
        """Hashes: the same text gives the same 64 hex digits; nobody without the key can try numbers out."""
        return _signed(self._index, text)

    def attest(self, text: str) -> str:
        """Signs so that whoever has the public key can tell, and nobody else can do it."""
        return base64.urlsafe_b64encode(self._attesting.sign(text.encode())).decode().rstrip("=")

    def attested(self, text: str, signature: str) -> bool:
        """Tells whether this installation has signed the text."""
        try:
            raw = base64.urlsafe_b64decode(signature.encode() + b"=" * (-len(signature) % 4))
            self._attesting.public_key().verify(raw, text.encode())
        except (ValueError, InvalidSignature):
            return False
        return True

    @property
    def public_key(self) -> str:
        """Returns the key with which anybody can check what was attested: Ed25519, 32 bytes, base64url."""
        raw = self._attesting.public_key().public_bytes_raw()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def sign(self, text: str) -> str:
        """Signs a link of the audit chain."""
        return _signed(self._audit, text)


def _signed(keyed: hmac.HMAC, text: str) -> str:
    """Signs with a copy of an HMAC that already has the key: a third of the cost of setting it up anew."""
    mac = keyed.copy()
    mac.update(text.encode())
    return mac.hexdigest()
