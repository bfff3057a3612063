"""What all tests stand on: real engines, a migrated database for whoever asks, and the house behind a real server."""

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="esteio-test-metrics-"))

from esteio.catalog import SHIPPED
from esteio.db.settings import DatabaseSettings
from esteio.embedded.engines import running_engines
from esteio.migrations.runner import migrate
from esteio.runtime.opening import service_folders
from tests.house import Engines, House, Served, serve
