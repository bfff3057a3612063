"""What the figures were taken on: a figure without its machine says nothing."""

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

MEASURED = ("fastapi", "starlette", "uvicorn", "slowapi", "django", "djangorestframework", "litestar", "asyncpg")


def describe() -> dict[str, object]:
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": sys.version.split()[0],
        "versions": {name: found for name in MEASURED if (found := _version(name))},
    }


def _version(name: str) -> str:
    """Empty where it is not installed: a part of the rows needs no peers."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    models = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return models[0] if models else platform.machine()
