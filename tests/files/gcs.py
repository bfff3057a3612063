"""A server that speaks as much of Google Cloud Storage's XML API as objects need, and believes only signed tokens.

Bucket, objects, ranges, listings in pages, uploads in parts. Written after
https://cloud.google.com/storage/docs/xml-api/reference-methods.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.files.held import Answer, Asked, Handler, Held, error, serving
from tests.files.s3 import BUCKET, PREFIX, Bucket

ACCOUNT = "files@trial.iam.example"
SMALLEST = 5 * 1_048_576
"""Bytes that every part but the last has to have."""

_PART = re.compile(rb"<Part>\s*<ETag>([^<]*)</ETag>\s*<PartNumber>(\d+)</PartNumber>\s*</Part>")


@cache
def _signing() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2048)


def service_account(signing: rsa.RSAPrivateKey | None = None) -> str:
    """The JSON key of the account in which the server believes; it does not with another signing key."""
    pem = (signing or _signing()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    told = {"type": "service_account", "client_email": ACCOUNT, "private_key_id": "first", "private_key": pem}
    return json.dumps(told)


@dataclass(frozen=True)
class GcsBucket(Bucket):
    held: Held

    @property
    def environment(self) -> dict[str, str]:
        return {
            "FILES__URL": f"gs://{BUCKET}/{PREFIX}",
            "FILES__GCS_ENDPOINT": self.endpoint,
            "FILES__GCS_SERVICE_ACCOUNT_KEY": service_account(),
            "FILES__ALLOW_HTTP": "true",
            "FILES__RETRY_SECONDS": "1",
            "FILES__REQUEST_TIMEOUT": "5",
        }

    def listed(self) -> list[str]:
        return sorted(self.held.objects)

    def unfinished(self) -> int:
        return len(self.held.parts)


@contextmanager
def gcs_server() -> Iterator[GcsBucket]:
    """An empty bucket of Google's kind."""
    with serving(_Gcs) as (endpoint, held):
        yield GcsBucket(endpoint, held)


class _Gcs(Handler):
    def answered(self, asked: Asked) -> Answer:
        if not _believed(asked.headers.get("authorization", "")):
            return error(401, "AuthenticationRequired")
        bucket, key = asked.names
        if bucket != BUCKET:
            return error(404, "NoSuchBucket")
        if not key:
            return self._list(asked) if asked.method == "GET" else error(400, "InvalidArgument")
        if "uploads" in asked.query or "uploadId" in asked.query:
            return self._in_parts(asked, key)
        if asked.method == "PUT":
            return Answer(200, b"", {"etag": '"1"'}) if self.held.keep(key, asked.body) else error(507, "NoRoom")
        if asked.method == "GET":
            return self.held.read(key, asked.headers.get("range")) or error(404, "NoSuchKey")
        if asked.method == "DELETE":
            if key in self.held.protected:
                return error(403, "AccessDenied")
            return Answer(204) if self.held.objects.pop(key, None) else error(404, "NoSuchKey")
        return error(405, "MethodNotAllowed")

    def _in_parts(self, asked: Asked, key: str) -> Answer:
        if asked.method == "POST" and "uploads" in asked.query:
            begun = uuid4().hex
            self.held.parts[f"{begun}/{key}"] = {}
            told = f"<InitiateMultipartUploadResult><UploadId>{begun}</UploadId></InitiateMultipartUploadResult>"
            return Answer(200, told.encode())
        upload = f"{asked.query.get('uploadId')}/{key}"
        if upload not in self.held.parts:
            return error(404, "NoSuchUpload")
        if asked.method == "PUT":
            self.held.parts[upload][asked.query["partNumber"]] = asked.body
            return Answer(200, b"", {"etag": _tag(asked.query["partNumber"])})
        if asked.method == "DELETE":
            del self.held.parts[upload]
            return Answer(204)
        return self._complete(asked, upload, key)

    def _complete(self, asked: Asked, upload: str, key: str) -> Answer:
        parts = self.held.parts[upload]
        named = [(number.decode(), tag.decode().replace("&quot;", '"')) for tag, number in _PART.findall(asked.body)]
        if not named or any(number not in parts or tag != _tag(number) for number, tag in named):
            return error(400, "InvalidPart")
        data = [parts[number] for number, _ in sorted(named, key=lambda part: int(part[0]))]
        if any(len(part) < SMALLEST for part in data[:-1]):
            return error(400, "EntityTooSmall")
        del self.held.parts[upload]
        if not self.held.keep(key, b"".join(data)):
            return error(507, "NoRoom")
        told = b'<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>'
        return Answer(200, told)

    def _list(self, asked: Asked) -> Answer:
        keys, last = self.held.page(asked.query.get("prefix", ""), asked.query.get("continuation-token", ""))
        items = "".join(self._listed(key) for key in keys)
        more = f"<NextContinuationToken>{escape(last)}</NextContinuationToken>" if last else ""
        truncated = "true" if last else "false"
        told = f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{more}{items}</ListBucketResult>"
        return Answer(200, told.encode(), {"content-type": "application/xml"})

    def _listed(self, key: str) -> str:
        kept = self.held.objects[key]
        when = kept.modified.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        size = len(kept.data)
        return (
            f"<Contents><Key>{escape(key)}</Key><LastModified>{when}</LastModified>"
            f'<ETag>"{size}"</ETag><Size>{size}</Size></Contents>'
        )


def _tag(number: str) -> str:
    return f'"part {number}"'


def _believed(authorization: str) -> bool:
    try:
        told: dict[str, Any] = jwt.decode(
            authorization.removeprefix("Bearer "), _signing().public_key(), ["RS256"], options={"require": ["exp"]}
        )
    except jwt.InvalidTokenError:
        return False
    return told["iss"] == ACCOUNT and "https://www.googleapis.com/auth/" in told["scope"]
