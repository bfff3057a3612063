"""Esteio as the bench runs it: its apps, its callers' keys, its rows, and the points measured on it."""

from bench.engines import Engines
from bench.points import Point
from bench.servers import App

POINTS: tuple[Point, ...] = ()


def apps(engines: Engines) -> list[App]:
    return []
