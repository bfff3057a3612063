"""What a revision must not do to a table that is in use, statement by statement."""

import re
from collections.abc import Callable
from dataclasses import dataclass

_NAME = r'(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?"?([a-z_][a-z0-9_]*)"?'
_MADE = re.compile(rf"CREATE\s+(?:UNLOGGED\s+)?TABLE\s+{_NAME}", re.IGNORECASE)
_TARGETS = (
    re.compile(rf"(?:ALTER|DROP|LOCK|TRUNCATE)\s+TABLE\s+{_NAME}", re.IGNORECASE),
    re.compile(rf"CREATE\s+(?:UNIQUE\s+)?INDEX\s.*?\sON\s+{_NAME}", re.IGNORECASE | re.DOTALL),
    re.compile(rf"^(?:UPDATE|DELETE\s+FROM|TRUNCATE)\s+{_NAME}", re.IGNORECASE),
    re.compile(rf"^REVOKE\s.*?\sON\s+(?:TABLE\s+)?{_NAME}", re.IGNORECASE | re.DOTALL),
)
_VOLATILE = r"(?:gen_random_uuid|uuidv\w*|random|clock_timestamp|timeofday|nextval|new_id)\s*\("


def made_by(statement: str) -> str | None:
    """The table that the statement makes."""
    match = _MADE.match(statement)
    return match[1].lower() if match else None


def target(statement: str) -> str | None:
    """The table that the statement is about, where it is about one."""
    for pattern in _TARGETS:
        if match := pattern.search(statement):
            return match[1].lower()
    return None


@dataclass(frozen=True, slots=True)
class Rule:
    """`meets(statement, all of the revision in lower case)`; `contracting`: a contracting revision may do it."""

    words: str
    meets: Callable[[str, str], bool]
    contracting: bool = False


def _has(pattern: str, unless: str = "") -> Callable[[str, str], bool]:
    wanted = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    excused = re.compile(unless, re.IGNORECASE | re.DOTALL) if unless else None
    return lambda statement, _: bool(wanted.search(statement)) and not (excused and excused.search(statement))


_SET_NOT_NULL = re.compile(r"^ALTER\s+TABLE\s+\S+\s+ALTER\s+(?:COLUMN\s+)?(\w+)\s+SET\s+NOT\s+NULL", re.IGNORECASE)
_DROP_CHECK = re.compile(r"^ALTER\s+TABLE\s+\S+\s+DROP\s+CONSTRAINT\s+(?:IF\s+EXISTS\s+)?(\w+)", re.IGNORECASE)


def _unproved(statement: str, revision: str) -> bool:
    """SET NOT NULL reads the whole table under a lock, unless a validated check has shown it already."""
    match = _SET_NOT_NULL.match(statement)
    if match is None:
        return False
    return not re.search(rf"check \({match[1].lower()} is not null\) not valid.*validate constraint", revision)


def _foreign_constraint(statement: str, revision: str) -> bool:
    """Dropping a constraint that this revision has not made itself, on the way to something else."""
    match = _DROP_CHECK.match(statement)
    return match is not None and f"add constraint {match[1].lower()}" not in revision


RULES: tuple[Rule, ...] = (
    Rule("drops what the release before may use", _has(r"^DROP\s+(?!INDEX|POLICY)"), contracting=True),
    Rule("drops a column that the release before may use", _has(r"\bDROP\s+COLUMN\b"), contracting=True),
    Rule("drops a constraint of an earlier revision", _foreign_constraint, contracting=True),
    Rule("renames what the release before uses by its name", _has(r"^ALTER\s+.*\bRENAME\b"), contracting=True),
    Rule("takes rights that the release before may use", _has(r"^REVOKE\b"), contracting=True),
    Rule("removes rows", _has(r"^(?:DELETE|TRUNCATE)\b"), contracting=True),
    Rule(
        "changes the type of a column, which writes the table anew under a lock",
        _has(r"^ALTER\s+TABLE\s.*\bALTER\s+(?:COLUMN\s+)?\S+\s+(?:SET\s+DATA\s+)?TYPE\b"),
    ),
    Rule("sets NOT NULL without the validated check of migrations.safely.set_not_null", _unproved),
    Rule(
        "adds a column that is NOT NULL without a default: the release before does not fill it",
        _has(r"\bADD\s+COLUMN\s(?:(?!,\s*ADD).)*\bNOT\s+NULL\b", r"\bDEFAULT\b|\bGENERATED\b"),
    ),
    Rule(
        "adds a column whose default differs by row, which writes the table anew under a lock",
        _has(rf"\bADD\s+COLUMN\s.*(?:\bDEFAULT\s+\(?{_VOLATILE}|\b(?:big|small)?serial\b|\bGENERATED\b)"),
    ),
    Rule(
        "makes an index that stops writers: migrations.safely.add_index",
        _has(r"^CREATE\s+(?:UNIQUE\s+)?INDEX\b", r"\bCONCURRENTLY\b"),
    ),
    Rule("drops an index under a lock: DROP INDEX CONCURRENTLY", _has(r"^DROP\s+INDEX\b", r"\bCONCURRENTLY\b")),
    Rule(
        "adds a constraint that reads all rows under a lock: NOT VALID, then VALIDATE in a transaction of its own",
        _has(r"\bADD\s+(?:CONSTRAINT\s+\S+\s+)?(?:CHECK|FOREIGN\s+KEY)\b", r"\bNOT\s+VALID\b"),
    ),
    Rule(
        "adds a key that makes its index under a lock: add_index(unique=True), then ADD CONSTRAINT … USING INDEX",
        _has(r"\bADD\s+(?:CONSTRAINT\s+\S+\s+)?(?:PRIMARY\s+KEY|UNIQUE|EXCLUDE)\b", r"\bUSING\s+INDEX\b"),
    ),
    Rule("locks a table", _has(r"^LOCK\b")),
    Rule("changes rows in one go: do it in a job, in portions", _has(r"^UPDATE\b")),
    Rule(
        "writes a table anew under a lock",
        _has(r"^(?:VACUUM\s+FULL|CLUSTER)\b|\bSET\s+(?:UNLOGGED|LOGGED|TABLESPACE)\b"),
    ),
)
