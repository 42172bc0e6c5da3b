"""Checks a JUnit file against the schema of Jenkins' xunit plugin and prints its cases as JSON."""

import json
import sys
import xml.etree.ElementTree as tree

import xmlschema

xmlschema.XMLSchema(sys.argv[2]).validate(sys.argv[1])
suites = []
for suite in tree.parse(sys.argv[1]).getroot():
    cases = []
    for case in suite.iter("testcase"):
        ends = [child for child in case if child.tag in ("failure", "error", "skipped")]
        cases.append(
            {
                "name": case.get("name"),
                "classname": case.get("classname"),
                "outcome": ends[0].tag if ends else "passed",
                "message": ends[0].get("message") if ends else None,
                "out": case.findtext("system-out"),
            }
        )
    suites.append({**suite.attrib, "cases": cases})
json.dump(suites, sys.stdout)
