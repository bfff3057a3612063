"""A server that speaks as much of Azure's Blob service as objects need, and believes only signed requests.

Block blobs, blocks, ranges, listings in pages, removals in a batch. Written after
https://learn.microsoft.com/en-us/rest/api/storageservices/blob-service-rest-api.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from tests.files.held import Answer, Asked, Handler, Held, error, serving
from tests.files.s3 import BUCKET, PREFIX, Bucket

ACCOUNT = "trialaccount"
KEY = base64.b64encode(hashlib.sha256(b"a key of the storage account").digest()).decode()
SIGNATURE = "hush+signature/of=the=operator"
TOKEN = "hush-token-of-the-machine"
CLUSTER = "hush-token-of-the-cluster"
SHARED = "sig=hush%2Bsignature%2Fof%3Dthe%3Doperator&sv=2023-11-03&sp=rwdl&sr=c"

_SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
_BLOCK = re.compile(rb"<(?:Uncommitted|Latest)>([^<]*)</")


@dataclass(frozen=True)
class AzureBucket(Bucket):
    """A container. What was never committed is no file that is left behind: Azure itself forgets it."""

    held: Held
    shared: bool = False

    @property
    def environment(self) -> dict[str, str]:
        proof = {"FILES__AZURE_SAS": f"?{SHARED}"} if self.shared else {"FILES__AZURE_ACCOUNT_KEY": KEY}
        return {
            "FILES__URL": f"az://{BUCKET}/{PREFIX}",
            "FILES__AZURE_ENDPOINT": self.endpoint,
            "FILES__AZURE_ACCOUNT": ACCOUNT,
            "FILES__ALLOW_HTTP": "true",
            "FILES__RETRY_SECONDS": "1",
            "FILES__REQUEST_TIMEOUT": "5",
            **proof,
        }

    def listed(self) -> list[str]:
        return sorted(self.held.objects)

    def unfinished(self) -> int:
        return 0


@contextmanager
def azure_server() -> Iterator[AzureBucket]:
    """An empty container."""
    with serving(_Azure) as (endpoint, held):
        yield AzureBucket(endpoint, held)


class _Azure(Handler):
    def answered(self, asked: Asked) -> Answer:
        if asked.path == "/tenant/oauth2/v2.0/token":
            return _token(asked)
        if not _believed(asked):
            return _error(403, "AuthenticationFailed")
        container, key = asked.names
        if container != BUCKET:
            return _error(404, "ContainerNotFound")
        if not key:
            return self._container(asked)
        if asked.method == "PUT":
            return self._put(asked, key)
        if asked.method == "GET":
            return self.held.read(key, asked.headers.get("range")) or _error(404, "BlobNotFound")
        if asked.method == "DELETE":
            if key in self.held.protected:
                return _error(403, "AuthorizationPermissionMismatch")
            return Answer(202) if self.held.objects.pop(key, None) else _error(404, "BlobNotFound")
        return _error(405, "UnsupportedHttpVerb")

    def _container(self, asked: Asked) -> Answer:
        wanted = (asked.method, asked.query.get("restype"), asked.query.get("comp"))
        if wanted == ("GET", "container", "list"):
            return self._list(asked)
        if wanted == ("POST", "container", "batch"):
            return self._batch(asked)
        return _error(400, "InvalidQueryParameterValue")

    def _put(self, asked: Asked, key: str) -> Answer:
        blocks = self.held.parts.setdefault(key, {})
        if asked.query.get("comp") == "block":
            blocks[asked.query["blockid"]] = asked.body
            return Answer(201)
        data = asked.body
        if asked.query.get("comp") == "blocklist":
            named = [name.decode() for name in _BLOCK.findall(asked.body)]
            if any(name not in blocks for name in named):
                return _error(400, "InvalidBlockList")
            data = b"".join(blocks[name] for name in named)
        elif asked.headers.get("x-ms-blob-type") != "BlockBlob":
            return _error(400, "InvalidHeaderValue")
        del self.held.parts[key]
        return Answer(201, b"", {"etag": '"1"'}) if self.held.keep(key, data) else _error(507, "NoRoom")

    def _list(self, asked: Asked) -> Answer:
        keys, last = self.held.page(asked.query.get("prefix", ""), asked.query.get("marker", ""))
        items = "".join(self._listed(key) for key in keys)
        more = escape(last or "")
        told = f"<EnumerationResults><Blobs>{items}</Blobs><NextMarker>{more}</NextMarker></EnumerationResults>"
        return Answer(200, told.encode(), {"content-type": "application/xml"})

    def _listed(self, key: str) -> str:
        kept = self.held.objects[key]
        when = format_datetime(kept.modified, usegmt=True)
        return (
            f"<Blob><Name>{escape(key)}</Name><Properties><Last-Modified>{when}</Last-Modified><Etag>1</Etag>"
            f"<Content-Length>{len(kept.data)}</Content-Length><Content-Type>application/octet-stream</Content-Type>"
            "<BlobType>BlockBlob</BlobType></Properties></Blob>"
        )

    def _batch(self, asked: Asked) -> Answer:
        border = asked.headers["content-type"].partition("boundary=")[2].strip('"').encode()
        parts = asked.body.split(b"--" + border)[1:-1]
        if not 1 <= len(parts) <= 256:
            return _error(400, "InvalidInput")
        answers = [_part(number, self.answered(_inner(part))) for number, part in enumerate(parts)]
        body = b"".join(answers) + b"--answers--\r\n"
        return Answer(202, body, {"content-type": "multipart/mixed; boundary=answers"})


def _inner(part: bytes) -> Asked:
    """A request within a batch: after the part's own headers, a blank line."""
    lines = part.partition(b"\r\n\r\n")[2].decode().split("\r\n")
    method, target, _ = lines[0].split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
    place = urlsplit(target)
    return Asked(method, place.path, dict(parse_qsl(place.query, keep_blank_values=True)), headers, b"")


def _part(number: int, answer: Answer) -> bytes:
    lines = [
        "--answers",
        "Content-Type: application/http",
        f"Content-ID: {number}",
        "",
        f"HTTP/1.1 {answer.status} as it is",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
        f"Content-Length: {len(answer.body)}",
        "",
        answer.body.decode(),
        "",
    ]
    return "\r\n".join(lines).encode()


def _error(status: int, code: str) -> Answer:
    return error(status, code, {"x-ms-error-code": code})


def _token(asked: Asked) -> Answer:
    """What the directory gives a machine that shows the token of its cluster."""
    if dict(parse_qsl(asked.body.decode())).get("client_assertion") != CLUSTER:
        return _error(401, "InvalidAssertion")
    return Answer(200, json.dumps({"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}).encode())


def _believed(asked: Asked) -> bool:
    if asked.headers.get("authorization") == f"Bearer {TOKEN}":
        return True
    if "sig" in asked.query:
        return asked.query["sig"] == SIGNATURE
    words = "\n".join((asked.method, *(_header(asked.headers, name) for name in _SIGNED)))
    special = "".join(f"\n{name}:{value}" for name, value in sorted(asked.headers.items()) if name.startswith("x-ms-"))
    query = "".join(f"\n{name.lower()}:{value}" for name, value in sorted(asked.query.items()))
    text = f"{words}{special}\n/{ACCOUNT}{asked.path}{query}"
    digest = hmac.digest(base64.b64decode(KEY), text.encode(), "sha256")
    return asked.headers.get("authorization") == f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    return "" if (name, value) == ("content-length", "0") else value
