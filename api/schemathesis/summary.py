"""Says in one line what the run has done; fails when it could have proved nothing."""

import json
import sys
import urllib.request


def main(counts_file, base_url, *options):
    with urllib.request.urlopen(base_url + "/openapi.json") as answer:
        document = json.load(answer)
    operations = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    with open(counts_file) as file:
        counts = json.load(file)
    answers = counts["answers"]
    wanted = set(answers) if "--part" in options else operations
    silent = sorted(name for name in wanted if not succeeded(answers.get(name, {})))
    print(
        f"schemathesis: {len(answers)} of {len(operations)} operations tried with {counts['requests']} requests, "
        f"{len(wanted) - len(silent)} of them with success"
    )
    for name in silent:
        print(f"  never a success: {name} {dict(answers.get(name, {}))}")
    return 1 if silent or not wanted else 0


def succeeded(statuses):
    return any(status.startswith("2") for status in statuses)


sys.exit(main(*sys.argv[1:]))
