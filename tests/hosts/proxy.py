#!/usr/bin/env python3
"""Passes connections on slowly, in the network of the host where it is started, until its standard input ends; then says how
many bytes went through: proxy.py ADDRESS TARGET DELAY_S BYTES_PER_S PORT..."""
import asyncio
import sys

CHUNK = 4096


class Proxy:
    def __init__(self, target, delay, rate):
        self.target, self.delay, self.rate, self.passed, self.tasks = target, delay, rate, 0, set()

    async def pump(self, reader, writer):
        """Each piece is late, and the next one waits for it."""
        try:
            while piece := await reader.read(CHUNK):
                await asyncio.sleep(self.delay + len(piece) / self.rate)
                writer.write(piece)
                await writer.drain()
                self.passed += len(piece)
        except OSError:
            pass
        finally:
            writer.close()

    async def accept(self, reader, writer):
        port = writer.get_extra_info("sockname")[1]
        try:
            far_reader, far_writer = await asyncio.open_connection(self.target, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self.pump(reader, far_writer), self.pump(far_reader, writer))


async def main(address, target, delay, rate, *ports):
    proxy = Proxy(target, float(delay), float(rate))
    for port in ports:
        await asyncio.start_server(proxy.accept, address, int(port))
    print("listening", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(proxy.passed, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
