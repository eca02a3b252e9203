"""Writes `verdicts.json`: what Azure ML's own loader says of definitions, valid and not.

Needs `azure-ai-ml` of the Python package index: `python3 make.py > verdicts.json`.
"""

import importlib.metadata
import json
import logging
import re
import tempfile
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from azure.ai.ml import load_environment  # noqa: E402

FILES = {
    "conda.yml": "channels: [conda-forge]\ndependencies: [python=3.12, pip=24.2, {pip: [six==1.16.0]}]\n",
    "empty.yml": "",
    "list.yml": "- a\n- b\n",
    "broken.yml": "dependencies: [a\n",
    "context/Dockerfile": "FROM registry.example/base:1\n",
    "context/other/Dockerfile": "FROM registry.example/base:1\n",
}

GOOD = "name: a\nimage: registry.example/base:1\n"
ROUTE = "{port: 80, path: /a}"
ROUTES = f"liveness_route: {ROUTE}, readiness_route: {ROUTE}, scoring_route: {ROUTE}"


def values(key, texts):
    return [f"{GOOD}{key}: {text}\n" for text in texts]


CASES = [
    GOOD,
    "image: registry.example/base:1\n",
    f"$schema: https://schemas.example/environment.schema.json\n{GOOD}",
    "image: registry.example/base:1\nversion: 1\n",
    "version: 1\nbuild: {path: context}\n",
    "description: no name\nimage: registry.example/base:1\n",
    *[f"name: {text}\nimage: registry.example/base:1\n" for text in ["1", "1.5", "true", "null", "[a]", "{a: b}", "'1'", "a-b_c.d", "a b", "2024-01-31", "~", "'yes'", "yes"]],
    *[f"name: a\nimage: {text}\n" for text in ["3", "null", "[a]", "{a: b}", "''", "a", "'1.10'", "1.10", "registry.example:5000/a/b:c", "a@sha256:" + "0" * 64, "true"]],
    *values("version", ["1", "1.5", "'1'", "1.10", "2024-01-31", "a", "null", "[1]", "true", "{a: b}", "1.2.3", "''"]),
    *values("description", ["text", "3", "null", "'3'", "[a]", "yes", "|\n  two\n  lines", "1.5"]),
    *values("tags", ["{a: b}", "{a: 1}", "[a]", "text", "null", "{}", "{a: [1]}", "{a: {b: c}}", "{1: a}", "{a: true}"]),
    *values("os_type", ["linux", "Linux", "LINUX", "windows", "Windows", "mac", "1", "null", "[linux]", "''"]),
    *values("datastore", ["azureml:store", "store", "1", "null", "[a]"]),
    *values("conda_file", ["conda.yml", "./conda.yml", "nowhere.yml", "null", "{dependencies: [python=3.12]}", "{channels: [c], dependencies: [python=3.12, {pip: [six]}]}", "1", "broken.yml", "file:conda.yml", "conda.yaml", "{name: b, dependencies: [python=3.12]}"]),
    *values("inference_config", [f"{{{ROUTES}}}", "{}", "null", "text", f"{{liveness_route: {ROUTE}}}", f"{{liveness_route: {ROUTE}, readiness_route: {ROUTE}}}", f"{{{ROUTES}, more: 1}}", f"{{liveness_route: {{port: a, path: /a}}, readiness_route: {ROUTE}, scoring_route: {ROUTE}}}", f"{{liveness_route: {{path: /a}}, readiness_route: {ROUTE}, scoring_route: {ROUTE}}}", f"{{liveness_route: {{port: 80}}, readiness_route: {ROUTE}, scoring_route: {ROUTE}}}", f"{{liveness_route: {{port: '80', path: /a}}, readiness_route: {ROUTE}, scoring_route: {ROUTE}}}", f"{{liveness_route: {{port: 80, path: 1}}, readiness_route: {ROUTE}, scoring_route: {ROUTE}}}", f"{{liveness_route: [1], readiness_route: {ROUTE}, scoring_route: {ROUTE}}}", f"{{liveness_route: {{port: 80.5, path: /a}}, readiness_route: {ROUTE}, scoring_route: {ROUTE}}}"]),
    *[f"name: a\nbuild: {text}\n" for text in ["{path: context}", "{path: ./context, dockerfile_path: Dockerfile}", "{path: context, dockerfile_path: other/Dockerfile}", "{path: nowhere}", "{path: context, dockerfile: Dockerfile}", "context", "null", "[context]", "{path: 1}", "{path: null}", "{path: context, dockerfile_path: 1}", "{path: 'https://git.example/a.git'}", "{path: 'ftp://host.example/a'}", "{paths: context}", "{path: [context]}"]],
    *values("build", ["{path: nowhere}"]),
    *[f"{GOOD}{key}: {value}\n" for key, value in [("foo", "1"), ("Image", "a"), ("path", "."), ("dependencies", "[a]"), ("channels", "[a]"), ("docker", "{}"), ("properties", "{a: b}"), ("id", "a"), ("creation_context", "{}"), ("condafile", "conda.yml"), ("conda-file", "conda.yml"), ("os", "linux"), ("inference", "{}"), ("stage", "Production"), ("label", "latest"), ("type", "environment"), ("entry_script", "a.py")]],
    "name: a\n",
    "name: a\nversion: 1\ntags: {a: b}\n",
    "name: a\nimage: a\nname: b\n",
    "name: a\nconda_file: conda.yml\n",
    f"{GOOD}build: {{path: context}}\n",
    "name: a\nbuild: {}\n",
    "name: a\nbuild: {path: context}\nconda_file: conda.yml\n",
    f"{GOOD}conda_file: list.yml\n",
    f"{GOOD}conda_file: empty.yml\n",
    f"{GOOD}conda_file: {{dependencies: 3}}\n",
    f"{GOOD}conda_file: {{dependencies: ['numpy>=']}}\n",
    "name: AzureML-a\nimage: registry.example/base:1\n",
    f"name: {'a' * 300}\nimage: registry.example/base:1\n",
    "name: a\nimage: registry.example//Base\n",
    "name: a\nimage: ubuntu\n",
    "",
    "# nothing\n",
    "- a\n",
    "text\n",
    "name: a\nimage: [\n",
    "name: a\n\timage: b\n",
    "name: a\nimage: b: c\n",
    "{\"name\": \"a\", \"image\": \"registry.example/base:1\"}",
    "name: &a a\nimage: *a\n",
    "---\nname: a\nimage: registry.example/base:1\n",
    "name: a\nimage: registry.example/base:1\nversion: 1\nfoo: 1\nbar: 2\n",
    "version: [1]\nimage: 3\n",
]


def verdict(text):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {**FILES, "environment.yml": text}.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        try:
            load_environment(Path(folder, "environment.yml"))
            return {"accepted": True, "fields": []}
        except Exception as error:  # every one of them is a refusal
            found = re.search(r"\{.*\n \}|\{.*\n\}", str(error), re.S)
            fields = sorted(json.loads(found.group())) if found else []
            return {"accepted": False, "fields": fields}


cases = [{"text": text, **verdict(text)} for text in dict.fromkeys(CASES)]
version = importlib.metadata.version("azure-ai-ml")
print(json.dumps({"azure-ai-ml": version, "files": FILES, "cases": cases}, indent=1))
