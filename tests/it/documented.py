"""What Cognito documents, row for row, asked of an endpoint with boto3.

    documented.py ENDPOINT          every row, of the sandbox
    documented.py ENDPOINT --moto   the rows on which moto is right too

A row is a sentence and a function that gives what it saw, beside what the documentation has it see. Each row has a pool, a client and
the user ann of its own. Prints a JSON array of {"row", "expected", "seen"}.
"""

import json
import sys
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1]
FIRST, SECOND, THIRD, WEAK = "Correct-Horse-1", "Correct-Horse-2", "Correct-Horse-3", "aaaaaaaa"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
STRICT = {"MinimumLength": 8, "RequireUppercase": True, "RequireLowercase": True, "RequireNumbers": True, "RequireSymbols": True}
ROWS = []

idp = boto3.client("cognito-idp", region_name="us-east-1", endpoint_url=ENDPOINT, aws_access_key_id="testing",
                   aws_secret_access_key="testing", config=Config(retries={"total_max_attempts": 1}))


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


def refused(call):
    """The code and text of a refusal."""
    try:
        call()
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"]]
    return "it succeeded"


def refused_with(call):
    """The code of a refusal."""
    seen = refused(call)
    return seen[0] if isinstance(seen, list) else seen


def move_clock(by):
    urllib.request.urlopen(urllib.request.Request(ENDPOINT + "/sandbox/clock", data=json.dumps({"by": by}).encode()))


def row(sentence, expected, moto=False):
    """Adds a row. `moto` says that moto is right on it too."""
    return lambda see: ROWS.append((sentence, expected, see, moto))


# What AdminSetUserPassword does to a user.

for before in ["UNCONFIRMED", "CONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"]:
    for permanent, after in [(True, "CONFIRMED"), (False, "FORCE_CHANGE_PASSWORD")]:
        def moved(before=before, permanent=permanent):
            pool = Pool().in_status(before)
            seen = [pool.status()]
            pool.set(SECOND, permanent=permanent)
            return [*seen, pool.status()]

        kind = "permanent" if permanent else "temporary"
        row(f"a {kind} password moves {before} to {after}", [before, after], moto=True)(moved)


@row("the default is a temporary password", "FORCE_CHANGE_PASSWORD", moto=True)
def _():
    pool = Pool().with_ann()
    idp.admin_set_user_password(UserPoolId=pool.id, Username="ann", Password=SECOND)
    return pool.status()


@row("a permanent password signs in, the one before it no longer does", ["tokens", "NotAuthorizedException"], moto=True)
def _():
    pool = Pool().with_ann()
    pool.set(SECOND)
    return ["tokens" if "AuthenticationResult" in pool.sign_in(SECOND) else "none", refused_with(lambda: pool.sign_in(FIRST))]


@row("a temporary password is challenged with NEW_PASSWORD_REQUIRED", "NEW_PASSWORD_REQUIRED", moto=True)
def _():
    pool = Pool().in_status("FORCE_CHANGE_PASSWORD")
    return pool.sign_in()["ChallengeName"]


@row("after a temporary password the old one stops working", "NotAuthorizedException", moto=True)
def _():
    pool = Pool().with_ann()
    pool.set(SECOND, permanent=False)
    return refused_with(lambda: pool.sign_in(FIRST))


@row("the answer to the challenge signs in and confirms", ["tokens", "CONFIRMED"], moto=True)
def _():
    pool = Pool().in_status("FORCE_CHANGE_PASSWORD")
    answered = pool.answer(pool.sign_in(), SECOND)
    return ["tokens" if "AuthenticationResult" in answered else "none", pool.status()]


@row("the answer must conform with the policy", "InvalidPasswordException", moto=True)
def _():
    pool = Pool().in_status("FORCE_CHANGE_PASSWORD")
    return refused_with(lambda: pool.answer(pool.sign_in(), WEAK))


# Temporary passwords expire.

EXPIRED = ["NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."]

for days, given in [(7, None), (7, 0), (1, 1), (365, 365)]:
    def expires(days=days, given=given):
        pool = Pool({} if given is None else {"TemporaryPasswordValidityDays": given}).in_status("FORCE_CHANGE_PASSWORD")
        move_clock(f"{days * 24 - 1}h")
        seen = [pool.sign_in()["ChallengeName"]]
        move_clock("2h")
        return [*seen, refused(pool.sign_in)]

    row(f"TemporaryPasswordValidityDays {given}: valid for {days} days", ["NEW_PASSWORD_REQUIRED", EXPIRED])(expires)


@row("after expiry a new temporary password has a period of its own", "NEW_PASSWORD_REQUIRED")
def _():
    pool = Pool().in_status("FORCE_CHANGE_PASSWORD")
    move_clock("8d")
    pool.set(FIRST, permanent=False)
    move_clock("6d")
    return pool.sign_in()["ChallengeName"]


# The rules of a password.

def did_not_conform(reason):
    return ["InvalidPasswordException", f"Password did not conform with policy: {reason}"]


for password, reason in [("aA1!", "Password not long enough"), ("a" * 8, "Password must have uppercase characters"),
                         ("A" * 8, "Password must have lowercase characters"), ("AAAAaaaa", "Password must have numeric characters"),
                         ("AAAAaaa1", "Password must have symbol characters"), ("ÀÉÎÕ-1aaa", "Password must have uppercase characters"),
                         ("AAAAaaa١-", "Password must have numeric characters"), ("AAAAaaa1€", "Password must have symbol characters")]:
    row(f"{password} breaks one rule, and that is named", did_not_conform(reason))(
        lambda password=password: refused(lambda: Pool().with_ann().set(password)))

for sentence, password, moto in [("an inner space is a symbol", "AAAAaaa 1", True), ("256 characters are allowed", "Aa1-" * 64, False)]:
    def taken(password=password):
        pool = Pool().with_ann()
        pool.set(password)
        return "AuthenticationResult" in pool.sign_in(password)

    row(sentence, True, moto=moto)(taken)

PATTERN = "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression " \
          r"pattern: ^[\S]+.*[\S]+$"

for password in [" AAAaaa1-", "AAAaaa1- "]:
    row(f"{password!r} has a space at an end", ["InvalidParameterException", PATTERN])(
        lambda password=password: refused(lambda: Pool().with_ann().set(password)))


@row("a policy that is updated holds from then on", "it succeeded")
def _():
    pool = Pool().with_ann()
    idp.update_user_pool(UserPoolId=pool.id, Policies={"PasswordPolicy": {"MinimumLength": 6}})
    return refused(lambda: pool.set("aaaaaa"))


# The history, which counts the current password.

HISTORY = "PasswordHistoryPolicyViolationException"


@row("without a history the same password may be set again", "it succeeded", moto=True)
def _():
    return refused(lambda: Pool().with_ann().set(FIRST))


@row("with a history the same call twice fails the second time", HISTORY)
def _():
    return refused_with(lambda: Pool({"PasswordHistorySize": 1}).with_ann().set(FIRST))


@row("a history of two knows the password before the current one, and not the one before that", [HISTORY, "it succeeded"])
def _():
    pool = Pool({"PasswordHistorySize": 2}).with_ann()
    pool.set(SECOND)
    seen = refused_with(lambda: pool.set(FIRST))
    pool.set(THIRD)
    return [seen, refused_with(lambda: pool.set(FIRST))]


@row("the answer to a challenge is held to the history", HISTORY)
def _():
    pool = Pool({"PasswordHistorySize": 3}).with_ann()
    pool.set(SECOND, permanent=False)
    return refused_with(lambda: pool.answer(pool.sign_in(SECOND), FIRST))


# Who is meant.

@row("an unknown user", ["UserNotFoundException", "User does not exist."], moto=True)
def _():
    return refused(lambda: Pool().set(FIRST, "eve"))


@row("an unknown pool", ["ResourceNotFoundException", "User pool us-east-1_None00000 does not exist."], moto=True)
def _():
    return refused(lambda: idp.admin_set_user_password(UserPoolId="us-east-1_None00000", Username="ann", Password=FIRST))


@row("in a case-sensitive pool the wrong case is another user", "UserNotFoundException")
def _():
    pool = Pool(UsernameConfiguration={"CaseSensitive": True}).with_ann()
    return refused_with(lambda: pool.set(SECOND, "ANN"))


@row("in a case-insensitive pool it is the same user", "tokens")
def _():
    pool = Pool(UsernameConfiguration={"CaseSensitive": False}).with_ann()
    pool.set(SECOND, "ANN")
    return "tokens" if "AuthenticationResult" in pool.sign_in(SECOND) else "none"


for alias, value in [("email", "ann@example.com"), ("phone_number", "+15551234567"), ("preferred_username", "annie")]:
    def by_alias(alias=alias, value=value):
        pool = Pool(AliasAttributes=[alias])
        attributes = [{"Name": alias, "Value": value}]
        if alias != "preferred_username":
            attributes.append({"Name": f"{alias}_verified", "Value": "true"})
        pool.create(UserAttributes=attributes)
        pool.set(FIRST, value)
        return pool.status()

    row(f"the alias {alias} names its user", "CONFIRMED")(by_alias)


@row("an email that stands in the username's place names its user, whose username is the sub", [36, "CONFIRMED"], moto=True)
def _():
    pool = Pool(UsernameAttributes=["email"])
    username = pool.create("ann@example.com")["Username"]
    pool.set(FIRST, "ann@example.com")
    return [len(username), pool.status(username)]


@row("a username may begin with + or = or -, and hold any letter", 5, moto=True)
def _():
    pool = Pool()
    names = ["+15551234567", "=x", "-x", "zoë", "用户一"]
    for name in names:
        pool.create(name)
        pool.set(FIRST, name)
    return len({pool.call("admin_get_user", name)["Username"] for name in names})


@row("a username with a space is refused", "InvalidParameterException")
def _():
    return refused_with(lambda: Pool().set(FIRST, "a b"))


# Accounts and tokens.

@row("a disabled user cannot sign in", ["NotAuthorizedException", "User is disabled."], moto=True)
def _():
    pool = Pool().with_ann()
    pool.call("admin_disable_user")
    return refused(pool.sign_in)


@row("a user who must reset is told so, and a password set ends it", ["PasswordResetRequiredException", "CONFIRMED"])
def _():
    pool = Pool().in_status("RESET_REQUIRED")
    seen = refused_with(pool.sign_in)
    pool.set(FIRST)
    return [seen, pool.status()]


@row("an unconfirmed user cannot sign in until a password is set", ["UserNotConfirmedException", "CONFIRMED"], moto=True)
def _():
    pool = Pool().in_status("UNCONFIRMED")
    seen = refused_with(pool.sign_in)
    pool.set(FIRST)
    return [seen, pool.status()]


@row("a new password revokes no token, a global sign-out does", ["refreshed", "NotAuthorizedException"], moto=True)
def _():
    pool = Pool().with_ann()
    token = pool.sign_in()["AuthenticationResult"]["RefreshToken"]
    pool.set(SECOND)
    seen = "refreshed" if "AuthenticationResult" in pool.refresh(token) else "none"
    pool.call("admin_user_global_sign_out")
    return [seen, refused_with(lambda: pool.refresh(token))]


@row("ListUsers pages through every user once", [3, 3, 1, 7], moto=True)
def _():
    pool = Pool()
    for number in range(7):
        pool.create(f"user-{number}")
    pages = list(idp.get_paginator("list_users").paginate(UserPoolId=pool.id, PaginationConfig={"PageSize": 3}))
    names = {user["Username"] for page in pages for user in page["Users"]}
    return [*(len(page["Users"]) for page in pages), len(names)]


@row("ListUsers finds by username, by a beginning and by status", [["ann"], ["ann"], ["bob"]], moto=True)
def _():
    pool = Pool().with_ann()
    pool.create("bob")
    filters = ['username = "ann"', 'username ^= "an"', 'cognito:user_status = "FORCE_CHANGE_PASSWORD"']
    return [[user["Username"] for user in idp.list_users(UserPoolId=pool.id, Filter=text)["Users"]] for text in filters]


@row("an operation that no service has", "UnknownOperationException")
def _():
    request = urllib.request.Request(ENDPOINT, data=b"{}", headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSCognitoIdentityProviderService.DeleteTheInternet"})
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        return json.load(error)["__type"]
    return "it succeeded"


def see(function):
    try:
        return function()
    except Exception as error:  # What it is stands in the report of its row.
        return f"{type(error).__name__}: {error}"


chosen = [row for row in ROWS if row[3] or "--moto" not in sys.argv]
json.dump([{"row": sentence, "expected": expected, "seen": see(function)} for sentence, expected, function, _ in chosen], sys.stdout)
