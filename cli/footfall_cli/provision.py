"""`footfall provision`: makes the topics in Kafka and the datasources in Druid that our processes expect."""

import os
from collections.abc import Callable, Mapping

import click
import httpx

from footfall_adapters.druid import supervisors
from footfall_adapters.druid.supervisors import DruidOverlordSettings, IntakeSettings
from footfall_adapters.environment import SettingsError, read_settings
from footfall_adapters.kafka.settings import KafkaSettings
from footfall_adapters.kafka.topics import TopicsError, TopicsSettings, ensure_topics
from footfall_cli.terminal import EXIT_UNREACHABLE, EXIT_WRONG_USE, Failure
from footfall_core.columns import TABLES

TOPICS, DATASOURCES = "topics", "datasources"


@click.command()
@click.argument("steps", nargs=-1, type=click.Choice([TOPICS, DATASOURCES]), metavar="[topics] [datasources]")
def provision(steps: tuple[str, ...]) -> None:
    """Create what is missing: topics in Kafka, datasources in Druid; both unless one is named.

    May be run at any time, also while everything runs. Settings come from the environment.
    """
    try:
        for step in steps or (TOPICS, DATASOURCES):
            STEPS[step](os.environ)
    except SettingsError as error:
        raise Failure(str(error), EXIT_WRONG_USE) from error
    except TopicsError as error:
        raise Failure(str(error), EXIT_UNREACHABLE) from error
    except httpx.HTTPError as error:
        raise Failure(f"Druid did not take the specification: {error}", EXIT_UNREACHABLE) from error


def provision_topics(variables: Mapping[str, str]) -> None:
    """Make the topics."""
    kafka, settings = read_settings(variables, KafkaSettings, TopicsSettings)
    for name in ensure_topics(kafka, settings):
        click.echo(f"created topic {name}")


def provision_datasources(variables: Mapping[str, str]) -> None:
    """Make Druid read the rows."""
    kafka, overlord, settings = read_settings(variables, KafkaSettings, DruidOverlordSettings, IntakeSettings)
    for table in TABLES:
        if supervisors.ensure(overlord.url, kafka, table, settings):
            click.echo(f"Druid reads {kafka.topic(table.topic)}")


STEPS: Mapping[str, Callable[[Mapping[str, str]], None]] = {
    TOPICS: provision_topics,
    DATASOURCES: provision_datasources,
}
