"""Puts a container or a blob into Azure Blob Storage, or signs what opens a container until some time.

azure_blob.py ACCOUNT KEY put URL [FILE]
azure_blob.py ACCOUNT KEY sas CONTAINER UNTIL

Sources: Azure Storage REST API, "Authorize with Shared Key" and "Create a service SAS".
"""

import base64
import email.utils
import hashlib
import hmac
import sys
import urllib.parse
import urllib.request

VERSION = "2020-10-02"
account, key, action, *rest = sys.argv[1:]


def signed(text):
    mac = hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def put(url, path=None):
    body = open(path, "rb").read() if path else b""
    parts = urllib.parse.urlsplit(url)
    headers = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": VERSION}
    if path:
        headers["x-ms-blob-type"] = "BlockBlob"
    fields = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    queries = "".join(f"\n{name}:{value}" for name, value in sorted(urllib.parse.parse_qsl(parts.query)))
    kind = "application/octet-stream"
    length = str(len(body)) if body else ""
    text = f"PUT\n\n\n{length}\n\n{kind}\n\n\n\n\n\n\n{fields}/{account}{parts.path}{queries}"
    headers |= {"Content-Type": kind, "Authorization": f"SharedKey {account}:{signed(text)}"}
    urllib.request.urlopen(urllib.request.Request(url, data=body, method="PUT", headers=headers)).read()


def sas(container, until):
    fields = ["r", "", until, f"/blob/{account}/{container}", "", "", "", VERSION, "c"] + [""] * 6
    query = {"sv": VERSION, "sr": "c", "sp": "r", "se": until, "sig": signed("\n".join(fields))}
    print(urllib.parse.urlencode(query))


{"put": put, "sas": sas}[action](*rest)
