"""What the rows of `documented_rows.py` are made of: a client of the endpoint, pools with a user, and refusals."""

import json
import sys
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from aws_cli_client import AwsCli

ENDPOINT = next((argument for argument in sys.argv[1:] if argument.startswith("http")), "http://127.0.0.1:9")
FIRST, SECOND, THIRD, WEAK = "Correct-Horse-1", "Correct-Horse-2", "Correct-Horse-3", "aaaaaaaa"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
STRICT = {"MinimumLength": 8, "RequireUppercase": True, "RequireLowercase": True, "RequireNumbers": True, "RequireSymbols": True}


def client(key="testing", secret="testing"):
    """A client that signs with this key."""
    if "--aws-cli" in sys.argv:
        return AwsCli(ENDPOINT, key, secret)
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client("cognito-idp", region_name="us-east-1", endpoint_url=ENDPOINT, aws_access_key_id=key,
                        aws_secret_access_key=secret, config=once)


idp = client()


class Pool:
    """A pool with a client and the confirmed user ann, whose password is FIRST."""

    def __init__(self, policy=None, **settings):
        made = idp.create_user_pool(PoolName="documented", Policies={"PasswordPolicy": {**STRICT, **(policy or {})}}, **settings)
        self.id = made["UserPool"]["Id"]
        made = idp.create_user_pool_client(UserPoolId=self.id, ClientName="documented", ExplicitAuthFlows=FLOWS)
        self.client = made["UserPoolClient"]["ClientId"]

    def create(self, name="ann", **more):
        return idp.admin_create_user(UserPoolId=self.id, Username=name, MessageAction="SUPPRESS", **more)["User"]

    def with_ann(self, password=FIRST):
        self.create(UserAttributes=[{"Name": "email", "Value": "ann@example.com"}, {"Name": "email_verified", "Value": "true"}])
        self.set(password)
        return self

    def set(self, password, name="ann", permanent=True):
        idp.admin_set_user_password(UserPoolId=self.id, Username=name, Password=password, Permanent=permanent)

    def call(self, operation, name="ann", **more):
        return getattr(idp, operation)(UserPoolId=self.id, Username=name, **more)

    def status(self, name="ann"):
        return self.call("admin_get_user", name)["UserStatus"]

    def sign_in(self, password=FIRST, name="ann"):
        parameters = {"USERNAME": name, "PASSWORD": password}
        return idp.initiate_auth(ClientId=self.client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)

    def refresh(self, token):
        return idp.initiate_auth(ClientId=self.client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": token})

    def answer(self, challenged, password):
        responses = {"USERNAME": "ann", "NEW_PASSWORD": password}
        return idp.respond_to_auth_challenge(ClientId=self.client, ChallengeName="NEW_PASSWORD_REQUIRED",
                                             Session=challenged["Session"], ChallengeResponses=responses)

    def in_status(self, status):
        """Brings ann, whose password is FIRST, into a status."""
        if status == "UNCONFIRMED":
            idp.sign_up(ClientId=self.client, Username="ann", Password=FIRST)
            return self
        self.with_ann()
        if status == "FORCE_CHANGE_PASSWORD":
            self.set(FIRST, permanent=False)
        if status == "RESET_REQUIRED":
            self.call("admin_reset_user_password")
        return self


class Refusal(list):
    """The code and text of a refusal."""

    def __init__(self, code, text):
        super().__init__([code, text])


def refused(call):
    """How a call is refused."""
    try:
        call()
    except ClientError as error:
        return Refusal(error.response["Error"]["Code"], error.response["Error"]["Message"])
    return "it succeeded"


def refused_with(call):
    """The code of a refusal."""
    seen = refused(call)
    return seen[0] if isinstance(seen, Refusal) else seen


def tokens(signed_in):
    """Whether an answer brings tokens."""
    return "tokens" if "AuthenticationResult" in signed_in else "no tokens"


def unsigned(operation):
    """The code of the refusal of a call without a signature."""
    request = urllib.request.Request(ENDPOINT, data=b"{}", headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}"})
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        return json.load(error)["__type"]
    return "it succeeded"


def move_clock(by):
    urllib.request.urlopen(urllib.request.Request(ENDPOINT + "/sandbox/clock", data=json.dumps({"by": by}).encode()))
