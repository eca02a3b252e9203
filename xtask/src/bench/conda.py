"""What `cargo xtask bench conda` needs of Python: a server, an installer that uses py-rattler, a channel of many records.

  conda.py serve FOLDER
  conda.py install CHANNEL PREFIX CACHE SPEC...
  conda.py many FOLDER RECORDS
"""

import asyncio, functools, hashlib, http.server, json, os, sys
from pathlib import Path


class Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send_response(self, code, message=None):
        super().send_response(code, message)
        if code == 304:
            # What has not changed; Python's server leaves it out, and py-rattler needs it.
            self.send_header("Last-Modified", self.headers["If-Modified-Since"])


def serve(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    print(f"listening on 127.0.0.1:{server.server_port} now", flush=True)
    server.serve_forever()


def install(channel, prefix, cache, *specs):
    import rattler

    async def work():
        gateway = rattler.Gateway(cache_dir=Path(cache) / "repodata")
        records = await rattler.solve([rattler.Channel(channel)], list(specs), gateway=gateway, platforms=["linux-64", "noarch"], virtual_packages=rattler.VirtualPackage.detect())
        await rattler.install(records, target_prefix=prefix, cache_dir=Path(cache) / "pkgs", show_progress=False)

    asyncio.run(work())
    # Its threads do not always outlive the interpreter unharmed.
    os._exit(0)


def many(folder, records):
    """Records as conda-forge has them: about twenty builds of each name, each needing a few others."""
    import msgpack, zstandard

    compress = zstandard.ZstdCompressor(level=3).compress
    for subdir in ("linux-64", "noarch"):
        place = Path(folder) / subdir
        (place / "shards").mkdir(parents=True, exist_ok=True)
        names = int(records) // 20 if subdir == "linux-64" else 1
        whole, shards = {}, {}
        for number in range(names):
            packages = {}
            for build in range(20):
                name, version = f"package-{number}", f"{build // 4}.{build % 4}.0"
                needs = [f"package-{number // 2} >=1" if number % 7 == 0 and number else "__glibc >=2.17,<3.0.a0"]
                needs += [f"package-{max(number - step * 997, 0)} >=0.1,<9" for step in (1, 2) if number >= step * 997 and number % 3 == 0]
                key = f"{name}-{version}-h0000000_{build}.conda"
                digest = hashlib.sha256(key.encode()).digest()
                packages[key] = {"build": f"h0000000_{build}", "build_number": build, "depends": needs, "license": "MIT", "md5": digest[:16], "name": name, "sha256": digest, "size": 100_000 + number, "subdir": subdir, "timestamp": 1_700_000_000_000 + number, "version": version}
            shard = compress(msgpack.packb({"packages": {}, "packages.conda": packages, "removed": []}))
            digest = hashlib.sha256(shard).digest()
            (place / "shards" / f"{digest.hex()}.msgpack.zst").write_bytes(shard)
            shards[f"package-{number}"] = digest
            whole.update({key: {**record, "md5": record["md5"].hex(), "sha256": record["sha256"].hex()} for key, record in packages.items()})
        info = {"subdir": subdir, "base_url": "../", "shards_base_url": "./shards/", "created_at": "2025-01-01T00:00:00Z"}
        (place / "repodata_shards.msgpack.zst").write_bytes(compress(msgpack.packb({"info": {**info, "base_url": "./"}, "version": 1, "shards": shards})))
        text = json.dumps({"info": {"subdir": subdir}, "packages": {}, "packages.conda": whole, "removed": [], "repodata_version": 1})
        (place / "repodata.json.zst").write_bytes(compress(text.encode()))
        (place / "repodata.json").write_text(text)


{"serve": serve, "install": install, "many": many}[sys.argv[1]](*sys.argv[2:])
