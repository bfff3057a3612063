"""Streaming replicas that answer reads for callers whom what they do not have yet does not concern."""

from esteio.db.replicas.allowance import Allowance
from esteio.db.replicas.primary import Primary
from esteio.db.replicas.replicas import Replicas

__all__ = ["Allowance", "Primary", "Replicas"]
