"""How the Java parts log: a line for what matters, to standard output, which the supervisor puts into a file."""

TEMPLATE = """\
<Configuration status="WARN" shutdownHook="disable">
  <Appenders>
    <Console name="output" target="SYSTEM_OUT">
      <PatternLayout pattern="%d{{ISO8601_OFFSET_DATE_TIME_HHMM}} %p %c{{1.}} %m%n"/>
    </Console>
  </Appenders>
  <Loggers>
    <Root level="warn"><AppenderRef ref="output"/></Root>
{loggers}
  </Loggers>
</Configuration>
"""


def log4j2(levels: dict[str, str]) -> str:
    """Return a log4j2 configuration: warnings of all, and other levels for some loggers."""
    loggers = "\n".join(f'    <Logger name="{name}" level="{level}"/>' for name, level in levels.items())
    return TEMPLATE.format(loggers=loggers)
