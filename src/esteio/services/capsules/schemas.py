"""What callers send and receive."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from esteio.base.schema import Body, Change, Flag, OneOf, Text, View, Written, no_control
from esteio.services.capsules.states import LARGEST_FILE, MOST_EDITS, Cause, Origin, Priority, Provider, Status

TECHNOLOGY_PATTERN = r"[A-Za-z0-9][A-Za-z0-9 .+#/_-]{0,49}"
PATH_PATTERN = r"[A-Za-z0-9_.@+-][A-Za-z0-9_.@+ -]*(/[A-Za-z0-9_.@+-][A-Za-z0-9_.@+ -]*)*"
_LARGEST_METADATA = 50
_LONGEST_METADATA = 8192
_LARGEST_WHOLE = 2**53 - 1
"""What every reader of JSON keeps exactly (RFC 8259)."""


def _plain(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(metadata) > _LARGEST_METADATA:
        raise ValueError(f"at most {_LARGEST_METADATA} members")
    size = 0
    for name, value in metadata.items():
        _demand_plain(name, value)
        size += len(name) + (len(value) if isinstance(value, str) else 0)
    if size > _LONGEST_METADATA:
        raise ValueError(f"all names and texts together have at most {_LONGEST_METADATA} characters")
    return metadata


def _demand_plain(name: str, value: Any) -> None:
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise ValueError("a member's name has 1 to 64 characters that can be printed")
    if isinstance(value, str):
        if len(value) > 500:
            raise ValueError(f"{name} has at most 500 characters")
        no_control(value)
    elif isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
        raise ValueError(f"{name} is no larger than {_LARGEST_WHOLE}: write longer numbers as texts")


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("control characters are not allowed")
    return text


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half a surrogate pair is no text") from error
    return text


ProjectName = Annotated[Text, Field(min_length=1, max_length=100, examples=["Orders API"]), AfterValidator(_one_line)]
Description = Annotated[
    Text, Field(min_length=1, max_length=5000, examples=["Takes orders of a bakery and tells its customers."])
]
Technology = Annotated[
    str,
    Field(min_length=1, max_length=50, examples=["FastAPI"]),
    Written(TECHNOLOGY_PATTERN, "1 to 50 letters, digits, spaces and . + # / _ -, beginning with a letter or digit"),
]
TechStack = Annotated[
    list[Technology], Field(min_length=1, max_length=10, examples=[["Python", "FastAPI", "PostgreSQL", "Docker"]])
]
Points = Annotated[list[Annotated[Text, Field(min_length=1, max_length=500)]], Field(max_length=50)]
Value = Annotated[str | int | float | bool | None, OneOf("a text, a number, true, false or null")]
Metadata = Annotated[
    dict[str, Value],
    Field(description="Up to 50 members of your own, 8192 characters together; shown as they were sent"),
    AfterValidator(_plain),
]
Path = Annotated[
    str,
    Field(min_length=1, max_length=255, examples=["src/orders/main.py"]),
    Written(PATH_PATTERN, "a relative path of plain names with slashes between, such as src/main.py"),
]


class NewCapsule(Body):
    """A capsule to be made. With `async_processing` a job makes it, and `webhook_url` is told what came of it."""

    project_name: ProjectName
    description: Description
    tech_stack: TechStack
    requirements: Points = Field(default_factory=list, description="What it must do; in the README and to the model")
    constraints: Points = Field(default_factory=list, description="What it must keep to; likewise")
    priority: Priority = Field("normal", description="Capsules of one priority wait for one another only")
    async_processing: Flag = False
    webhook_url: Annotated[str, Field(max_length=2048, examples=["https://example.org/hooks"])] | None = Field(
        None, description="Told what came of it, signed; needs async_processing"
    )
    metadata: Metadata = Field(default_factory=dict)
    provider: Provider | None = Field(
        None, description="gemini writes domain code on top and needs async_processing; the deployment's unless said"
    )


class FileEdit(Body):
    """A text file to be written, or with `content: null` removed."""

    path: Path
    content: (
        Annotated[str, StringConstraints(strip_whitespace=False, max_length=LARGEST_FILE), AfterValidator(_encodable)]
        | None
    )


class CapsuleChange(Change):
    """The members that shall change. What goes into its files makes a new version; files of one's own stay in it."""

    never_empty = frozenset(
        {
            "project_name",
            "description",
            "tech_stack",
            "requirements",
            "constraints",
            "priority",
            "metadata",
            "files",
        }
    )

    project_name: ProjectName | None = None
    description: Description | None = None
    tech_stack: TechStack | None = None
    requirements: Points | None = None
    constraints: Points | None = None
    priority: Priority | None = None
    metadata: Metadata | None = None
    files: Annotated[list[FileEdit], Field(min_length=1, max_length=MOST_EDITS)] | None = None


class Regeneration(Body):
    """A new version from what the capsule says now, by the packs of today."""

    provider: Provider | None = Field(None, description="The deployment's unless said")


class CapsuleSummary(View):
    """A capsule as lists show it: without its requirements and constraints, which may be long."""

    id: UUID
    project_name: str
    description: str
    tech_stack: list[str]
    technologies: list[str] = Field(description="The stack as it was understood")
    priority: Priority
    metadata: dict[str, Any]
    provider: Provider
    status: Status
    reason: str | None = Field(description="Why it failed, a code")
    base: str = Field(examples=["python-fastapi"])
    owner: str = Field(examples=["user:0192…"])
    current_version: int = Field(description="Number of the latest version; 0 while there is none")
    files: int = Field(description="Files of the latest version")
    bytes: int = Field(description="Bytes of the files of all versions")
    job_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int = Field(ge=1, description="Grows with each change and makes the ETag")


class CapsuleView(CapsuleSummary):
    """A capsule as it stands."""

    requirements: list[str]
    constraints: list[str]


class AcceptedCapsule(View):
    """A capsule whose making was written down. `GET /api/v2/tasks/{job_id}` shows how far it is."""

    job_id: UUID
    status: Literal["queued"]
    capsule_id: UUID
    webhook_secret: str | None = Field(
        description="Signs what `webhook_url` is sent (Standard Webhooks); null without one", examples=["whsec_…"]
    )


class VersionView(View):
    number: int
    cause: Cause
    project_name: str
    description: str
    tech_stack: list[str]
    requirements: list[str]
    constraints: list[str]
    base: str
    pack: str = Field(description="The pack with its version", examples=["python-fastapi 1.0.1"])
    provider: Provider
    note: str | None = Field(description="Why the model's work was not taken, where it was asked")
    files: int
    bytes: int
    tree: str = Field(description="SHA-256 of the list of its files with their digests: alike for equal versions")
    created_by: str
    created_at: datetime


class FileView(View):
    path: str
    size: int
    sha256: str
    executable: bool
    origin: Origin


class DifferenceView(View):
    """A file that two versions do not have alike. `diff`: unified, with three lines around each change."""

    path: str
    change: Literal["added", "removed", "changed", "mode"] = Field(description="mode: executable or no longer so")
    size_before: int | None
    size_after: int | None
    diff: str | None
    added: int | None = Field(description="Lines")
    removed: int | None = Field(description="Lines")
    omitted: Literal["binary", "too_large"] | None = Field(description="Why there are no lines")


class CheckView(View):
    name: Literal["paths", "manifest", "readme", "container", "ci", "tests", "syntax"]
    passed: bool
    message: str


class ProblemView(View):
    path: str
    line: int | None
    code: str = Field(examples=["PYTHON_SYNTAX"])
    message: str


class ReportView(View):
    """What a version was found to be."""

    version: int
    valid: bool = Field(description="Whether every check passed")
    files: int
    parsed: int = Field(description="Files that have a parser here")
    not_looked_at: int = Field(description="Files that are too large, or too many bytes together")
    checks: list[CheckView]
    problems: list[ProblemView] = Field(description="The first hundred")
    more_problems: int


class ExecuteView(View):
    """What clients of the first API read."""

    workflow_id: UUID
    webhook_secret: str | None = Field(
        None, description="Signs what `webhook_url` is sent; only where one was named", examples=["whsec_…"]
    )


CAPSULE_FIELDS = tuple(CapsuleView.model_fields)
SUMMARY_FIELDS = tuple(CapsuleSummary.model_fields)
VERSION_FIELDS = tuple(VersionView.model_fields)
