"""What Python's tarfile, with its data filter, and zipfile do with the archives of a folder: JSON, name to verdict.

Nothing is kept of what they extract.
"""

import json
import pathlib
import resource
import signal
import sys
import tarfile
import tempfile
import zipfile


def extract_tar(path, folder):
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")


def extract_zip(path, folder):
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)


def verdict(extract, path):
    with tempfile.TemporaryDirectory() as folder:
        inner = pathlib.Path(folder, "a", "b", "c", "d")
        inner.mkdir(parents=True)
        signal.alarm(30)
        try:
            extract(path, inner)
        except Exception:
            return "refused"
        finally:
            signal.alarm(0)
    return "taken"


def expired(*_):
    raise TimeoutError


if not hasattr(tarfile, "data_filter"):
    sys.exit("this Python's tarfile has no data filter: 3.11.4, 3.12 or later is needed")
signal.signal(signal.SIGALRM, expired)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
extract = {"tar": extract_tar, "zip": extract_zip}[sys.argv[1]]
folder = pathlib.Path(sys.argv[2])
print(json.dumps({path.name: verdict(extract, path) for path in sorted(folder.iterdir())}))
