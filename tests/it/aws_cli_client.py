"""The AWS CLI as a client: the methods of boto3's, each of which runs `aws cognito-idp` with the arguments as flags.

It is the program's own `main`, called in this process: to start Python anew for each of some hundred commands would take minutes.
"""

import contextlib
import io
import json
import os
import re

from botocore.exceptions import ClientError


class AwsCli:
    def __init__(self, endpoint, key, secret):
        from awscli.clidriver import create_clidriver

        self.environment = {
            "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        self.driver = create_clidriver()
        self.endpoint = endpoint

    def __getattr__(self, operation):
        return lambda **arguments: self.run(operation.replace("_", "-"), arguments)

    def run(self, command, arguments):
        flags = [flag_of(name, value) for name, value in arguments.items()]
        stdout, stderr = io.StringIO(), io.StringIO()
        os.environ.update(self.environment)
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            code = self.driver.main(["cognito-idp", command, *flags, "--endpoint-url", self.endpoint, "--output", "json"])
        if code == 0:
            return json.loads(stdout.getvalue() or "{}")
        # Refusals are of one line.
        refusal = re.search(r"An error occurred \((\w+)\) when calling the (\w+) operation(?: \(reached max retries: 0\))?: (.*)", stderr.getvalue())
        if not refusal:
            raise RuntimeError(f"aws {command} ended with {code}: {stderr.getvalue()}")
        raise ClientError({"Error": {"Code": refusal[1], "Message": refusal[3].strip()}}, refusal[2])


def flag_of(name, value):
    """`UserPoolId` and its value as `--user-pool-id=VALUE`: after an equals sign a value may begin with a hyphen."""
    flag = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag}={value if isinstance(value, (str, int)) else json.dumps(value)}"
