"""Writes wheels that are large and half compressible, the same ones each time: wheels.py FOLDER COUNT MEGABYTES."""

import base64
import hashlib
import pathlib
import random
import sys
import zipfile

FILE = 25_000_000
BLOCK = 50_000


def content(numbers: random.Random) -> bytes:
    block = lambda: numbers.randbytes(BLOCK) + bytes([numbers.randrange(256)]) * BLOCK
    return b"".join(block() for _ in range(FILE // BLOCK // 2))


def write(folder: pathlib.Path, number: int, files: int) -> None:
    numbers, name = random.Random(number), f"large{number}"
    date, record = (2020, 1, 1, 0, 0, 0), []
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:

        def add(path: str, data: bytes) -> None:
            entry = zipfile.ZipInfo(path, date)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            wheel.writestr(entry, data, compresslevel=1)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(data)}")

        for index in range(files):
            add(f"{name}/{index}.bin", content(numbers))
        add(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode())
        add(f"{info}/WHEEL", b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD", date), "\n".join([*record, f"{info}/RECORD,,", ""]))


folder, count, megabytes = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
folder.mkdir(parents=True, exist_ok=True)
for number in range(count):
    write(folder, number, megabytes * 1_000_000 // FILE)
