"""Makes calls to Cognito with boto3: a JSON array of them on standard input, as many answers on standard output."""

import functools
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


@functools.cache
def client(region):
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
    return boto3.client("cognito-idp", region_name=region, endpoint_url=sys.argv[1], config=once)


def answer(call):
    try:
        answer = getattr(client(call["region"]), call["operation"])(**call["arguments"])
    except ClientError as error:
        return {"exception": [type(error).__name__, error.response["Error"]["Code"], error.response["Error"]["Message"]]}
    return {"answer": {name: value for name, value in answer.items() if name != "ResponseMetadata"}}


json.dump([answer(call) for call in json.load(sys.stdin)], sys.stdout, default=str)
