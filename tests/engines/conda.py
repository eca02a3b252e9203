import glob, importlib.metadata, json, subprocess, sys

import humanize, numpy, pandas
from sklearn.linear_model import LinearRegression


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


x = numpy.arange(10.0).reshape(-1, 1)
model = LinearRegression().fit(x, pandas.Series(2 * x[:, 0]))
conda_meta = [json.load(open(path)) for path in glob.glob("/opt/env/conda-meta/*.json")]
print(json.dumps({
    "predicted": round(float(model.predict([[21.0]])[0]), 6),
    "written": humanize.intcomma(12345),
    "prefix": sys.prefix,
    "importlib": {one.metadata["Name"].lower(): one.version for one in importlib.metadata.distributions()},
    "pip_list": {one["name"].lower(): one["version"] for one in json.loads(run("pip", "list", "--format=json").stdout)},
    "pip_check": run("pip", "check").stdout,
    "conda_meta": {one["name"]: one["version"] for one in conda_meta},
    "commands": {name: run(name, "--help").returncode for name in ("tabulate", "f2py", "pip")},
}))
