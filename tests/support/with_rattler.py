"""`with_rattler.py CHANNEL FOLDER PREFIX SPEC...`: what rattler installs into a folder that is to be found at PREFIX."""

import asyncio, os, sys
from pathlib import Path

import rattler


async def main(channel, folder, prefix, *specs):
    gateway = rattler.Gateway(cache_dir=Path(folder + "-cache"))
    records = await rattler.solve([rattler.Channel(channel)], list(specs), gateway=gateway, platforms=["linux-64", "noarch"], virtual_packages=rattler.VirtualPackage.detect())
    await rattler.install(records, target_prefix=folder, cache_dir=Path(folder + "-cache"), alternative_target_prefix=prefix, show_progress=False)


asyncio.run(main(*sys.argv[1:]))
# Its threads do not always outlive the interpreter unharmed.
os._exit(0)
