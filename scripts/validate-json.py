#!/usr/bin/python3
"""Validates lines of JSON against a JSON Schema (draft 2020-12): validate-json.py SCHEMA FILE...

Prints each line that does not match, with the place of the mistake, and ends with status 1 if there was one. A FILE
that ends in .zst is decompressed, one that ends in .json is a single document."""
import json
import subprocess
import sys

from jsonschema import Draft202012Validator

schema, *files = sys.argv[1:]
with open(schema, encoding="utf-8") as file:
    document = json.load(file)
Draft202012Validator.check_schema(document)
validator = Draft202012Validator(document)
wrong = 0
for name in files:
    if name.endswith(".zst"):
        text = subprocess.run(["zstd", "-dcq", name], check=True, capture_output=True).stdout.decode()
    else:
        with open(name, encoding="utf-8") as file:
            text = file.read()
    for number, line in enumerate([text] if name.endswith(".json") else text.splitlines(), 1):
        error = next(validator.iter_errors(json.loads(line)), None)
        if error is not None:
            wrong += 1
            print(f"{name}:{number}: {error.json_path}: {error.message[:300]}")
sys.exit(1 if wrong else 0)
