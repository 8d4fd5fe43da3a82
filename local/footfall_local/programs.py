"""Finds or fetches what the chosen parts are run with, before anything is started."""

from collections.abc import Callable, Collection
from pathlib import Path

from footfall_local import druid, gateway, kafka, redis
from footfall_local.jars import fetch_jars
from footfall_local.java import find_java


def find_programs(parts: Collection[str], jars: Path, say: Callable[[str], None]) -> dict[str, str]:
    """Return the paths of all that the parts need.

    They are `java`, `redis` and `envoy`, the folders of the jars of `kafka` and `druid`, and `class_archives`.


    Raises:
        RequirementMissingError: something must be installed first.
        LocalStackError: the jars could not be fetched.
    """
    found: dict[str, str] = {}
    if redis.NAME in parts:
        found["redis"] = redis.find_redis()
    if gateway.NAME in parts:
        found["envoy"] = gateway.find_envoy()
    products = [name for name, users in (("kafka", {kafka.NAME}), ("druid", set(druid.NAMES))) if users & set(parts)]
    if products:
        java = find_java()
        found["java"] = java.path
        found["class_archives"] = str((jars / f"classes-{java.fingerprint}").resolve())
    for product in products:
        found[product] = str(fetch_jars(product, jars, say).resolve())
    return found
