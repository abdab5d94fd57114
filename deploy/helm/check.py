"""Renders the chart with helm for each set of values in testdata/ and refuses what would not do on a cluster.

The program is built first, by the very command of deploy/Dockerfile, and must be static: the image holds no C library.
Every object is held against Kubernetes' own schemas (unknown fields refused) for the oldest version that the chart
accepts and for a recent one, then against what those schemas cannot say (probes, limits, budgets that match their pods);
fil.yaml is given to that program's `check`. Then each rule is broken once, to see that it would say so. Nothing is asked of a
network or a cluster. ServiceMonitor, which is not Kubernetes' own, is only held against our rules.

Usage: check.py HELM
       check.py --write    brings values.schema.json up to fil's settings
"""

import copy
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import kubernetes_validate
import kubernetes_validate.utils
import yaml

CHART = pathlib.Path(__file__).resolve().parent
ROOT = CHART.parent.parent
SCHEMA = CHART / "values.schema.json"
VERSIONS = ("1.30.0", "1.37.0")
FOREIGN = {"ServiceMonitor"}
# What the chart sets itself: a value for these would be lost, or would break what it mounts.
OURS = {"listen", "data", "shutdown", "shutdown_delay", "policy", "access", "embedded"}

kubernetes_validate.utils.schema_contents = functools.cache(kubernetes_validate.utils.schema_contents)


def run(*command, env=None, stdin=None):
    """Gives the exit status and all that a command printed."""
    done = subprocess.run(command, env=env, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


# --- the program of the image


def build(folder):
    """Runs the build of deploy/Dockerfile into a folder; gives the program, and what is wrong with it."""
    text = (ROOT / "deploy/Dockerfile").read_text()
    program = pathlib.Path(folder) / "fil"
    environ = dict(setting.split("=", 1) for line in re.findall(r"^ENV (.*)$", text, re.M) for setting in line.split())
    command = re.search(r"^RUN (go build .*)$", text, re.M).group(1).replace("/out/fil", str(program))
    done = subprocess.run(command, shell=True, cwd=ROOT, env=os.environ | environ | {"VERSION": "check"}, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"deploy/Dockerfile: {command}: {done.stderr}")
    with program.open("rb") as file:
        if b"ld-linux" in file.read(1 << 16):
            return str(program), ["deploy/Dockerfile: the program asks for a dynamic linker, which the image does not have"]
    return str(program), []


# --- values.schema.json knows the settings of fil


def setting_schema(key, value):
    """The schema of one setting, from its default: keys that are not there are refused, and passwords never accepted."""
    if key == "password":
        return False  # by `passwords`, from a Secret: a ConfigMap can be read by many
    if value == {}:  # a map whose names the operator chooses
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if isinstance(value, dict):
        return {"type": "object", "additionalProperties": False, "properties": {k: setting_schema(k, v) for k, v in value.items()}}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int):
        return {"type": "integer"}
    if isinstance(value, float):
        return {"type": "number"}
    if isinstance(value, list):
        return {"type": "array", "items": {"type": "object" if value and isinstance(value[0], dict) else "string"}}
    return {"type": "string"}


def check_schema(fil, write):
    """values.schema.json holds the settings that this fil knows, no more and no fewer."""
    status, text = run(fil, "check", "--default")
    if status != 0:
        return [f"fil check --default: {text}"]
    wanted = setting_schema("", yaml.safe_load(text))
    for key in OURS:
        wanted["properties"][key] = False
    schema = json.loads(SCHEMA.read_text())
    if schema["$defs"]["config"] == wanted:
        return []
    if not write:
        return ["values.schema.json does not know fil's settings as `fil check --default` shows them: run make chart-schema"]
    schema["$defs"]["config"] = wanted
    SCHEMA.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    return []


# --- the rules, each a function from the rendered objects to what is wrong with them


def of_kind(objects, kind):
    return [o for o in objects if o["kind"] == kind]


def pods(objects):
    """Name, pod template and first container of each Deployment."""
    for d in of_kind(objects, "Deployment"):
        spec = d["spec"]["template"]["spec"]
        yield d["metadata"]["name"], d, spec, spec["containers"][0]


def against_kubernetes(objects):
    for o in objects:
        name = f"{o['kind']} {o['metadata']['name']}"
        for version in VERSIONS if o["kind"] not in FOREIGN else ():
            try:
                kubernetes_validate.validate(o, version, strict=True)
            except kubernetes_validate.ValidationError as e:
                yield f"{name}, Kubernetes {version}: {'.'.join(map(str, e.path))}: {e.message}"
            except kubernetes_validate.SchemaNotFoundError as e:
                yield f"{name}: {e.message}"


def probes_and_limits(objects):
    for name, _, _, container in pods(objects):
        for probe, path in (("startupProbe", "/healthz"), ("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")):
            if container.get(probe, {}).get("httpGet", {}).get("path") != path:
                yield f"{name}: no {probe} on {path}"
        for bound in ("requests", "limits"):
            for what in ("cpu", "memory"):
                if not container.get("resources", {}).get(bound, {}).get(what):
                    yield f"{name}: no {bound} of {what}"


def security(objects):
    for name, _, spec, container in pods(objects):
        pod, own = spec.get("securityContext", {}), container.get("securityContext", {})
        for what, right in (
            ("runs as root", pod.get("runAsNonRoot") is True and pod.get("runAsUser", 0) > 0),
            ("has no seccomp profile", pod.get("seccompProfile") == {"type": "RuntimeDefault"}),
            ("can write to its root", own.get("readOnlyRootFilesystem") is True),
            ("can escalate", own.get("allowPrivilegeEscalation") is False),
            ("keeps capabilities", own.get("capabilities") == {"drop": ["ALL"]}),
            ("has a token of the cluster", spec.get("automountServiceAccountToken") is False),
            ("is given FIL_…_PORT variables", spec.get("enableServiceLinks") is False),
            ("mounts a Secret that can never change", not any("subPath" in m for m in container["volumeMounts"])),
        ):
            if not right:
                yield f"{name}: {what}"


def rolling_restart(objects):
    config = yaml.safe_load(of_kind(objects, "ConfigMap")[0]["data"]["fil.yaml"])
    wait, shutdown = (int(config[key].removesuffix("s")) for key in ("shutdown_delay", "shutdown"))
    if wait < 1:
        yield "fil.yaml: a pod stops while it is still sent requests"
    for name, deployment, spec, _ in pods(objects):
        if deployment["spec"]["strategy"]["rollingUpdate"] != {"maxUnavailable": 0, "maxSurge": 1}:
            yield f"{name}: a rolling update takes a pod away before another is ready"
        if spec.get("terminationGracePeriodSeconds", 0) <= wait + shutdown:
            yield f"{name}: killed before its stop has ended"


def selectors(objects):
    """Each Deployment has a Service, a budget and, if there are any, a policy, that match its pods and no others."""
    kinds = ["Service", "PodDisruptionBudget"] + (["NetworkPolicy"] if of_kind(objects, "NetworkPolicy") else [])
    labels = {name: d["spec"]["template"]["metadata"]["labels"] for name, d, _, _ in pods(objects)}
    for name, d, _, _ in pods(objects):
        selector = d["spec"]["selector"]["matchLabels"]
        matched = [n for n, l in labels.items() if selector.items() <= l.items()]
        if matched != [name]:
            yield f"{name}: its selector matches the pods of {matched}"
        for kind in kinds:
            found = [o for o in of_kind(objects, kind) if o["metadata"]["name"] == name]
            if not found:
                yield f"{name}: no {kind}"
                continue
            spec = found[0]["spec"]
            own = spec.get("podSelector", spec["selector"] if kind != "NetworkPolicy" else {})
            if own.get("matchLabels", own) != selector:
                yield f"{kind} {name}: does not match the pods of its Deployment"


def network(objects):
    for p in of_kind(objects, "NetworkPolicy"):
        if sorted(p["spec"]["policyTypes"]) != ["Egress", "Ingress"]:
            yield f"NetworkPolicy {p['metadata']['name']}: leaves a direction open"
        for direction in ("ingress", "egress"):
            for rule in p["spec"][direction]:
                if not rule.get("ports") or not all("port" in port for port in rule["ports"]):
                    yield f"NetworkPolicy {p['metadata']['name']}: a rule opens every port"


def ingress(objects):
    services = {s["metadata"]["name"] for s in of_kind(objects, "Service")}
    for i in of_kind(objects, "Ingress"):
        for rule in i["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                target = path["backend"]["service"]["name"]
                if target not in services:
                    yield f"Ingress {i['metadata']['name']}: {path['path']} goes to {target}, which is not there"
                if path["path"] == "/" and path["pathType"] != "Exact":
                    yield f"Ingress {i['metadata']['name']}: exposes every path"


def monitor(objects):
    for m in of_kind(objects, "ServiceMonitor"):
        for endpoint in m["spec"]["endpoints"]:
            credentials = endpoint.get("authorization", {}).get("credentials", {})
            if endpoint.get("path") != "/metrics" or not credentials.get("name") or not credentials.get("key"):
                yield "ServiceMonitor: does not read /metrics with a key"
        for s in of_kind(objects, "Service"):
            if not m["spec"]["selector"]["matchLabels"].items() <= s["metadata"]["labels"].items():
                yield f"ServiceMonitor: does not see the Service {s['metadata']['name']}"


@functools.cache
def certificate():
    """A certificate and its key, such as a Secret of certificates holds."""
    goroot = subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["go", "run", f"{goroot}/src/crypto/tls/generate_cert.go", "--host", "example", "--ca"], cwd=folder, capture_output=True, check=True)
        return [(pathlib.Path(folder) / name).read_text() for name in ("cert.pem", "key.pem")]


def configuration(fil, objects):
    """fil accepts the configuration, with what is mounted beside it and the variables that the pods are given."""
    for c in of_kind(objects, "ConfigMap"):
        with tempfile.TemporaryDirectory() as root:
            folder = pathlib.Path(root)
            for name, text in c["data"].items():
                (folder / "config").mkdir(exist_ok=True)
                (folder / "config" / name).write_text(text.replace("/etc/fil/", f"{root}/"))
            for name, _, _, container in pods(objects):
                mounts = {m["mountPath"].removeprefix("/etc/fil/") for m in container["volumeMounts"]}
                for path in re.findall(r"/etc/fil/(tls/\S+)", c["data"]["fil.yaml"]):
                    if os.path.dirname(path) not in mounts:
                        yield f"{name}: fil.yaml names /etc/fil/{path}, which nothing mounts"
                        continue
                    (folder / path).parent.mkdir(parents=True, exist_ok=True)
                    (folder / path).write_text(certificate()[path.endswith(".key")])
                env = {"LANG": "C", "PATH": os.environ["PATH"]}
                env |= {e["name"]: e.get("value", "from-a-secret") for e in container["env"]}
                status, text = run(fil, "--config", str(folder / "config/fil.yaml"), "check", env=env)
                if status != 0:
                    yield f"{name}: {text.strip()}"


RULES = (against_kubernetes, probes_and_limits, security, rolling_restart, selectors, network, ingress, monitor)


# --- each rule broken once


def drop(*path):
    """An edit that removes what is at the path of the first object of a kind."""
    kind, *keys, last = path

    def edit(objects):
        at = of_kind(objects, kind)[0]
        for key in keys:
            at = at[key]
        del at[last]

    return edit


def put(value, *path):
    """An edit that puts a value at the path of the first object of a kind."""
    kind, *keys, last = path

    def edit(objects):
        at = of_kind(objects, kind)[0]
        for key in keys:
            at = at[key]
        at[last] = value

    return edit


POD = ("Deployment", "spec", "template", "spec")
CONTAINER = POD + ("containers", 0)
BREAKS = (
    (against_kubernetes, put(1, *CONTAINER, "livenesProbe"), "livenesProbe"),
    (against_kubernetes, put("2", "Deployment", "spec", "replicas"), "replicas"),
    (against_kubernetes, put("apps/v1beta1", "Deployment", "apiVersion"), "find schema"),
    (probes_and_limits, drop(*CONTAINER, "startupProbe"), "no startupProbe"),
    (probes_and_limits, put("/healthz", *CONTAINER, "readinessProbe", "httpGet", "path"), "no readinessProbe on /readyz"),
    (probes_and_limits, drop(*CONTAINER, "resources", "limits", "memory"), "no limits of memory"),
    (security, put(0, *POD, "securityContext", "runAsUser"), "runs as root"),
    (security, drop(*CONTAINER, "securityContext", "readOnlyRootFilesystem"), "can write"),
    (security, drop(*CONTAINER, "securityContext", "capabilities"), "keeps capabilities"),
    (security, drop(*POD, "enableServiceLinks"), "variables"),
    (security, put("keys.json", *CONTAINER, "volumeMounts", 1, "subPath"), "never change"),
    (rolling_restart, put(25, *POD, "terminationGracePeriodSeconds"), "killed before"),
    (rolling_restart, put("shutdown: 40s\nshutdown_delay: 0s\n", "ConfigMap", "data", "fil.yaml"), "still sent requests"),
    (rolling_restart, put(1, "Deployment", "spec", "strategy", "rollingUpdate", "maxUnavailable"), "takes a pod away"),
    (selectors, put({"app": "other"}, "PodDisruptionBudget", "spec", "selector", "matchLabels"), "does not match"),
    (selectors, put({"app": "other"}, "NetworkPolicy", "spec", "podSelector", "matchLabels"), "does not match"),
    (selectors, drop("Deployment", "spec", "selector", "matchLabels", "app.kubernetes.io/component"), "its selector matches"),
    (network, put(["Ingress"], "NetworkPolicy", "spec", "policyTypes"), "direction open"),
    (network, put([{}], "NetworkPolicy", "spec", "egress"), "every port"),
    (ingress, put("gone", "Ingress", "spec", "rules", 0, "http", "paths", 0, "backend", "service", "name"), "not there"),
    (ingress, put("Prefix", "Ingress", "spec", "rules", 0, "http", "paths", -1, "pathType"), "exposes"),
    (monitor, drop("ServiceMonitor", "spec", "endpoints", 0, "authorization"), "with a key"),
    (configuration, put("lisen: a\n", "ConfigMap", "data", "fil.yaml"), "lisen"),
    (configuration, put("listen: a:1\nlog: {tls: {ca: /etc/fil/tls/gone/ca.crt}}\n", "ConfigMap", "data", "fil.yaml"), "nothing mounts"),
    (configuration, put([{"name": "FIL_REDIS_PASWORD", "value": "x"}], *CONTAINER, "env"), "FIL_REDIS_PASWORD"),
)


def breaks(rules, objects):
    for rule, edit, wanted in BREAKS:
        broken = copy.deepcopy(objects)
        edit(broken)
        found = list(rules[rule](broken))
        if not any(wanted in fault for fault in found):
            yield f"{rule.__name__}: broken on purpose, it should speak of {wanted!r}; it says {found}"


# --- all of it


def render(helm, *values):
    files = [argument for v in values for argument in ("--values", str(v))]
    return run(helm, "template", "fil", str(CHART), "--namespace", "fil", "--kube-version", VERSIONS[0], *files)


def accepted(helm, rules, values):
    """What is wrong with the objects that these values give."""
    status, text = run(helm, "lint", "--strict", "--kube-version", VERSIONS[0], "--values", str(values), str(CHART))
    if status != 0:
        return [f"helm lint: {text}"]
    status, text = render(helm, values)
    if status != 0:
        return [f"helm template: {text}"]
    objects = [o for o in yaml.safe_load_all(text) if o]
    print(f"{values.name}: {len(objects)} objects")
    found = [fault for rule in rules.values() for fault in rule(objects)]
    return found if found or values.stem != "full" else list(breaks(rules, objects))


def refused(helm, values):
    """The first line of the file says what helm must answer."""
    wanted = values.read_text().splitlines()[0].removeprefix("# refused: ")
    status, text = render(helm, CHART / "testdata/default.yaml", values)
    return [] if status != 0 and wanted in text else [f"should be refused with {wanted!r}: {text[:2000]}"]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write = sys.argv[1] == "--write"
    with tempfile.TemporaryDirectory() as folder:
        fil, faults = build(folder)
        faults += check_schema(fil, write)
        if write:
            sys.exit("\n".join(faults) or 0)
        helm = os.path.abspath(sys.argv[1])
        rules = {rule: rule for rule in RULES} | {configuration: functools.partial(configuration, fil)}
        cases = [(v, accepted(helm, rules, v)) for v in sorted((CHART / "testdata").glob("*.yaml"))]
        cases += [(v, refused(helm, v)) for v in sorted((CHART / "testdata/refused").glob("*.yaml"))]
    faults += [f"{values.name}: {fault}" for values, found in cases for fault in found]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{sum(not found for _, found in cases)} passed, {len(faults)} failed")
    sys.exit(1 if faults or not cases else 0)


if __name__ == "__main__":
    main()
