"""A FastAGI server: for each call one SQL query through a pool, and one command that sets what the dialplan rings.

python -m bench.peers.fastagi 4573 postgresql://…
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter

import uvloop
from psycopg_pool import AsyncConnectionPool

from bench.peers import rules_query

CONNECTIONS = 4


async def serve(port: int, database_url: str) -> None:
    """Answer until ended."""
    query = rules_query("%(number)s")
    async with AsyncConnectionPool(database_url, min_size=CONNECTIONS, kwargs={"autocommit": True}) as pool:

        async def answer(reader: StreamReader, writer: StreamWriter) -> None:
            try:
                await _decide(pool, query, reader, writer)
            finally:
                writer.close()

        await pool.wait()
        server = await asyncio.start_server(answer, "127.0.0.1", port)
        print("ready", flush=True)
        async with server:
            await server.serve_forever()


async def _decide(pool: AsyncConnectionPool, query: str, reader: StreamReader, writer: StreamWriter) -> None:
    told = (await reader.readuntil(b"\n\n")).decode()
    fields = dict(line.split(": ", 1) for line in told.splitlines() if ": " in line)
    async with pool.connection() as connection:
        found = await (await connection.execute(query, {"number": fields["agi_extension"]})).fetchone()
    legs, seconds, mailbox, opened = found or ("", 0, "", 0)
    writer.write(f"EXEC MSet LEGS={legs},SECONDS={seconds},MAILBOX={mailbox},OPEN={opened}\n".encode())
    await reader.readline()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
