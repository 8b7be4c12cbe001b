"""Prints the CloudFormation that SAM makes of a template, without AWS: cfn-lint sees more in it than in the source."""

import json
import os
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """Stands in for the list that the real loader asks AWS for; policy templates do not need it."""

    def load(self):
        return {}


os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
for holder in [template["Globals"]["Function"], *(r.get("Properties", {}) for r in template["Resources"].values())]:
    if "CodeUri" in holder:
        holder["CodeUri"] = "s3://bucket/key"
json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout, indent=2)
