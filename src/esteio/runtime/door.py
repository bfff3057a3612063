"""The check at the door: a service that is not guarded, named or declared as it must be does not come in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from esteio.base.errors import StartRefused
from esteio.http.routing import Operation
from esteio.http.rules import AUTHENTICATED, rules_of
from esteio.manifest import Manifest


def refuse_unfit(
    manifests: Sequence[Manifest], operations: Iterable[Operation], sections: Mapping[str, Any] | None = None
) -> None:
    """Raise `StartRefused` that names every operation and manifest that is not fit to be served under the settings."""
    found = [*_twice(manifests, sections or {}), *_unguarded(manifests, list(operations), sections or {})]
    if found:
        raise StartRefused("Esteio does not start with these services:\n  " + "\n  ".join(found))


def _twice(manifests: Sequence[Manifest], sections: Mapping[str, Any]) -> Iterable[str]:
    kinds = {
        "service": [manifest.name for manifest in manifests],
        "permission": [name for manifest in manifests for name in manifest.permissions],
        "limit": [policy.name for manifest in manifests for policy in manifest.limits],
        "bound at once": [one.name for manifest in manifests for one in manifest.at_once],
        "quota": [quota.name for manifest in manifests for quota in manifest.quotas],
        "event": [event.name for manifest in manifests for event in manifest.events],
        "job": [job.kind.name for manifest in manifests for job in manifest.jobs],
        "schedule": [item.key for manifest in manifests for item in manifest.due(sections.get(manifest.name))],
        "channel": [channel.name for manifest in manifests for channel in manifest.channels],
        "manner": [name for manifest in manifests for name in manifest.manners],
        "party": [party.name for manifest in manifests for party in manifest.upstreams],
        "error code": [kind.code for manifest in manifests for kind in manifest.errors],
    }
    for kind, names in kinds.items():
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"The {kind} {name} is declared twice."


def _unguarded(
    manifests: Sequence[Manifest], operations: Sequence[Operation], sections: Mapping[str, Any]
) -> Iterable[str]:
    permissions = {name for manifest in manifests for name in manifest.permissions} | {AUTHENTICATED}
    limits = {policy.name for manifest in manifests for policy in manifest.limits}
    public = {name for manifest in manifests for name in manifest.opens(sections.get(manifest.name))}
    manners = {name for manifest in manifests for name in manifest.manners}
    quotas = {quota.name for manifest in manifests for quota in manifest.quotas}
    at_once = {one.name for manifest in manifests for one in manifest.at_once} | {None}
    names = set()
    for operation in operations:
        name, rules = f"{operation.method} {operation.path}", operation.rules
        names.add(name)
        if rules_of(operation.endpoint) is None:
            yield f"{name} has no rules: put @rules(...) below its path decorator."
        elif rules.permission is None and name not in public:
            yield f"{name} has no permission and is not in its manifest's public list."
        elif rules.permission is not None and name in public:
            yield f"{name} is in a public list but asks for {rules.permission}."
        elif rules.permission is not None and rules.permission not in permissions:
            yield f"{name} asks for {rules.permission}, which no manifest declares."
        if rules.manner is not None and rules.manner not in manners:
            yield f"{name} follows the manner {rules.manner}, which no manifest declares."
        for limit in {*rules.limits, *(rules.anonymous_limits or ())} - limits:
            yield f"{name} names the limit {limit}, which no manifest declares."
        if rules.at_once not in at_once:
            yield f"{name} names the bound at once {rules.at_once}, which no manifest declares."
        for quota in {*rules.quotas} - quotas:
            yield f"{name} names the quota {quota}, which no manifest declares."
    for name in sorted(public - names):
        yield f"{name} is in a public list, but there is no such operation."
