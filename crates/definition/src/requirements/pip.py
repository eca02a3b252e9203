"""Reads requirements files with pip's own parser, for the differential test: paths as arguments, JSON out."""

import json
import os
import sys

from pip._internal.index.collector import LinkCollector
from pip._internal.index.package_finder import PackageFinder
from pip._internal.models.search_scope import SearchScope
from pip._internal.models.selection_prefs import SelectionPreferences
from pip._internal.network.session import PipSession
from pip._internal.req import req_file
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name

LISTS = {
    "--requirement": "requirements",
    "--constraint": "constraints",
    "--editable": "editables",
    "--extra-index-url": "extra_index_urls",
    "--find-links": "find_links",
    "--trusted-host": "trusted_hosts",
    "--global-option": "global_options",
}
FLAGS = {
    "--no-index": "no_index",
    "--pre": "pre",
    "--require-hashes": "require_hashes",
    "--prefer-binary": "prefer_binary",
}


def given(opts):
    found = {name: list(getattr(opts, dest)) for name, dest in LISTS.items() if getattr(opts, dest, None)}
    found.update({name: [""] for name, dest in FLAGS.items() if getattr(opts, dest, None)})
    if opts.index_url:
        found["--index-url"] = [opts.index_url]
    if getattr(opts, "hashes", None):
        found["--hash"] = sorted(f"{name}:{one}" for name, all in opts.hashes.items() for one in all)
    return found


def lines(path):
    session = PipSession()
    parser = req_file.RequirementsFileParser(session, req_file.get_line_parser(None))
    try:
        return [
            [line.lineno, "" if not line.is_requirement or line.is_editable else line.requirement.strip(), given(line.opts)]
            for line in parser._parse_file(path, False)
        ]
    except Exception:
        return None


def whole(path):
    session = PipSession()
    scope = SearchScope(find_links=[], index_urls=["https://default.example/simple"], no_index=False)
    finder = PackageFinder.create(
        link_collector=LinkCollector(session=session, search_scope=scope),
        selection_prefs=SelectionPreferences(allow_yanked=True),
    )
    found = []
    try:
        for one in req_file.parse_requirements(path, session=session, finder=finder):
            hashes = (one.options or {}).get("hashes", {})
            flat = sorted(f"{name}:{value}" for name, all in hashes.items() for value in all)
            parsed = Requirement(one.requirement)
            found.append([canonicalize_name(parsed.name), sorted(parsed.extras), one.constraint, flat])
    except (Exception, RecursionError):
        return None
    return {
        "requirements": found,
        "index_urls": finder.index_urls,
        "find_links": [os.path.abspath(one) if "://" not in one else one for one in finder.find_links],
        "pre": finder.allow_all_prereleases,
    }


json.dump([{"lines": lines(path), "whole": whole(path)} for path in sys.argv[1:]], sys.stdout)
