"""Reads metrics by the strict parser of OpenMetrics, or for *.prom by that of the older text format; prints JSON."""

import json
import sys

path = sys.argv[1]
if path.endswith(".prom"):
    from prometheus_client.parser import text_string_to_metric_families as parse
else:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse

with open(path, newline="") as file:
    text = file.read()
families = [
    {
        "name": family.name,
        "type": family.type,
        "unit": family.unit,
        "help": family.documentation,
        "samples": [
            {
                "name": sample.name,
                "labels": sample.labels,
                "value": sample.value,
                "timed": sample.timestamp is not None,
            }
            for sample in family.samples
        ],
    }
    for family in parse(text)
]
json.dump(families, sys.stdout)
