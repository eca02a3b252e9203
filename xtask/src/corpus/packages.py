"""A small package index: wheels and source archives that fail to install, each in a way of its own."""

import base64, hashlib, io, pathlib, tarfile, zipfile

SETUP = "from setuptools import setup\nsetup(name={name!r}, version={version!r})\n"
EXTENSION = (
    "from setuptools import setup, Extension\n"
    "setup(name={name!r}, version='1.0', ext_modules=[Extension({name!r}, ['{name}.c'], libraries={libraries})])\n"
)


def wheel(folder, name, version, requires=(), python=None, tag="py3-none-any", yanked=False):
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {line}\n" for line in requires)
    metadata += f"Requires-Python: {python}\n" if python else ""
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: made\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text)}\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return path, python


def source(folder, name, files, version="1.0"):
    top = f"{name}-{version}"
    files = {"PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", **files}
    path = folder / f"{top}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in files.items():
            data = text if isinstance(text, bytes) else text.encode()
            member = tarfile.TarInfo(f"{top}/{file}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path, None


def extension(folder, name, code, libraries=()):
    setup = EXTENSION.format(name=name, libraries=list(libraries))
    return source(folder, name, {"setup.py": setup, f"{name}.c": code})


def backend(folder, name, requires, module, extra="", files=None):
    text = f"[build-system]\nrequires = {requires}\nbuild-backend = {module!r}\n{extra}"
    return source(folder, name, {"pyproject.toml": text, **(files or {})})


def write(folder: pathlib.Path):
    """Writes the files, and the pages of a simple index (PEP 503)."""
    files = folder / "files"
    files.mkdir(parents=True)
    project = "[project]\nname = {!r}\nversion = '1.0'\n".format
    made = [
        *(wheel(files, "gadget", version) for version in ("1.0", "1.1", "1.5", "2.0")),
        wheel(files, "widget", "1.0", ["gadget<1.2"]),
        wheel(files, "gizmo", "1.0", ["gadget>=2"]),
        # As many versions as take longer to try than anybody waits.
        *(wheel(files, "knot", f"{n}.0", [f"rope=={n}.0"]) for n in range(1, 600)),
        *(wheel(files, "rope", f"{n}.0", ["gadget>=2"]) for n in range(1, 600)),
        wheel(files, "toolkit", "1.0", ["nosuchlib"]),
        wheel(files, "oldkit", "1.0", ["gadget==0.3"]),
        wheel(files, "deepkit", "1.0", ["toolkit"]),
        wheel(files, "modern", "3.0", python=">=3.99"),
        wheel(files, "ancient", "1.0", python="<3"),
        wheel(files, "applesauce", "1.0", tag="cp311-cp311-macosx_11_0_arm64"),
        wheel(files, "windowed", "1.0", tag="cp311-cp311-win_amd64"),
        wheel(files, "pythonic", "1.0", tag="cp27-cp27mu-manylinux1_x86_64"),
        wheel(files, "needsmodern", "1.0", ["modern"]),
        source(files, "importer", {"setup.py": "import nosuchmodule\n" + SETUP.format(name="importer", version="1.0")}),
        source(files, "importnumpy", {"setup.py": "import numpy\n" + SETUP.format(name="importnumpy", version="1.0")}),
        source(files, "cyfast", {"setup.py": "from Cython.Build import cythonize\n" + SETUP.format(name="cyfast", version="1.0")}),
        source(files, "oldsyntax", {"setup.py": "print 'building'\n" + SETUP.format(name="oldsyntax", version="1.0")}),
        source(files, "twotothree", {"setup.py": "from setuptools import setup\nsetup(name='twotothree', version='1.0', use_2to3=True)\n"}),
        source(files, "resources", {"setup.py": "import pkg_resources\n" + SETUP.format(name="resources", version="1.0")}),
        source(files, "ascii", {"setup.py": "long = open('README').read()\n" + SETUP.format(name="ascii", version="1.0"), "README": "caf\u00e9\n"}),
        source(files, "badmeta", {"setup.py": "from setuptools import setup\nsetup(name='badmeta', version='1.0', install_requires=['gadget>=1,<<2'])\n"}),
        source(files, "badversion", {"setup.py": SETUP.format(name="badversion", version="not a version")}, version="1.1"),
        source(files, "quitter", {"setup.py": "import sys\nsys.exit('Python 3.99 or later is required')\n"}),
        source(files, "cmaker", {"setup.py": "raise RuntimeError('CMake must be installed to build the following extensions: _core')\n"}),
        source(files, "swigger", {"setup.py": "import subprocess\nsubprocess.check_call(['swig', '-python', 'x.i'])\n"}),
        source(files, "crusty", {"setup.py": "import subprocess\nsubprocess.check_call(['cargo-nosuch', 'rustc'])\n"}),
        source(files, "renamed", {"setup.py": "raise SystemExit(\"The 'renamed' PyPI package is deprecated, use 'gadget'\\nrather than 'renamed' for pip commands.\")\n"}),
        extension(files, "headless", "#include <nosuch/header.h>\nint x;\n"),
        extension(files, "noffi", "#include <ffi_nosuch.h>\nint x;\n"),
        extension(files, "mpiless", "#include <mpi.h>\nint x;\n"),
        extension(files, "cudaless", "#include <cuda_runtime.h>\nint x;\n"),
        extension(files, "sslless", "#include <openssl_nosuch/ssl.h>\nint x;\n"),
        extension(files, "linkless", "#include <Python.h>\nPyObject *PyInit_linkless(void) { return 0; }\n", ["nosuchlib"]),
        extension(files, "badc", "#include <Python.h>\nint main( { return 0 }\n"),
        extension(files, "oldapi", "#include <Python.h>\nint f(PyThreadState *s) { return s->nosuch_member; }\n"),
        extension(files, "undeclared", "#include <Python.h>\nint f(void) { nosuch_type x; return x; }\n"),
        backend(files, "nobackend", [], "nosuch_backend"),
        backend(files, "flat", ["setuptools"], "setuptools.build_meta", project("flat"), {"data/__init__.py": "", "model/__init__.py": ""}),
        backend(files, "hatchless", ["hatchling"], "hatchling.build", project("hatchless"), {"other.py": ""}),
        backend(files, "flitless", ["flit_core"], "flit_core.buildapi", project("flitless")),
        backend(files, "badtoml", ["setuptools"], "setuptools.build_meta", "[project\n"),
        backend(files, "badproject", ["setuptools"], "setuptools.build_meta", "[project]\nname = 3\n"),
        backend(files, "mesonic", ["meson-python"], "mesonpy", project("mesonic"), {"meson.build": "project('mesonic', 'c')\ndependency('nosuchlib')\n"}),
        backend(files, "mesonbad", ["meson-python"], "mesonpy", project("mesonbad"), {"meson.build": "project('mesonbad', 'c')\nnosuch_function()\n"}),
    ]
    pages = {}
    for path, python in made:
        pages.setdefault(path.name.split("-")[0], []).append((path, python))
    for name, entries in pages.items():
        page = folder / "simple" / name / "index.html"
        page.parent.mkdir(parents=True)
        links = ""
        for path, python in entries:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            needs = f' data-requires-python="{python}"'.replace(">", "&gt;").replace("=\"<", "=\"&lt;") if python else ""
            links += f'<a href="/files/{path.name}#sha256={digest}"{needs}>{path.name}</a><br>\n'
        page.write_text(f"<!DOCTYPE html><html><body>\n{links}</body></html>\n")
