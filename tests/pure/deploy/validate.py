"""validate.py FILE …: are these manifests what every Kubernetes since 1.28 takes, with no field it does not know?"""

import sys

import kubernetes_validate
import yaml
from kubernetes_validate import utils

OLDEST = (1, 28)

versions = [v for v in utils.all_versions() if tuple(map(int, v.split(".")[:2])) >= OLDEST]
wrong = 0
checked = 0
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        resources = [resource for resource in yaml.safe_load_all(file) if resource]
    for resource in resources:
        for version in versions:
            checked += 1
            try:
                kubernetes_validate.validate(resource, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                wrong += 1
                path = ".".join(map(str, error.path))
                print(f"{name}: {resource['kind']}, Kubernetes {version}: {path}: {error.message}", file=sys.stderr)
print(f"{checked} checked, {versions[0]} to {versions[-1]}")
sys.exit(1 if wrong or not checked else 0)
