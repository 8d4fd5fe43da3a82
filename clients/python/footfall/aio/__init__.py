"""The client for asyncio, with the names of `footfall`.

    from footfall.aio import Client

    async with Client("127.0.0.1:8080", "my-shop") as client:
        await client.track("page_view", client_id=visitor, page_location="https://shop.example/")

Apart from this package nothing of the library uses asyncio.
"""

from footfall.aio.client import Client as Client
from footfall.aio.error_stream import ErrorStream as ErrorStream
from footfall.aio.stream_writer import StreamWriter as StreamWriter
from footfall.error_list import AsyncErrorList as ErrorList

__all__ = ["Client", "ErrorList", "ErrorStream", "StreamWriter"]
