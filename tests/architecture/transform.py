"""Print the template as CloudFormation will see it, after SAM has expanded it.

The linters know IAM, API Gateway and Lambda resources, which is what SAM's shorthand becomes. Run
it with the interpreter of `.venvs/sam`, which has the very translator that `sam validate` uses;
it asks nobody, and the account and region it names do not exist.
"""

import json
import logging
import sys
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
# Where `sam deploy` would have put the packages.
UPLOADED = "s3://packages-of-tieout/package.zip"


def transformed() -> dict[str, Any]:
    """Return the expanded template."""
    template = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        for folder in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
            resource["Properties"][folder] = UPLOADED
    session = boto3.Session(
        region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
    expanded: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(
        sam_template=template, parameter_values={}, get_managed_policy_map=dict
    )
    return expanded


if __name__ == "__main__":
    # Remarks about the translator's own feature toggles, not about the template.
    logging.disable(logging.WARNING)
    json.dump(transformed(), sys.stdout, indent=1)
