"""The rows: what Cognito documents, and a function that sees what an endpoint does. `documented.py` asks them."""

import uuid

from documented_pool import (FIRST, SECOND, THIRD, WEAK, Pool, Refusal, client, idp, move_clock, refused, refused_with, tokens,
                             unsigned)
from documented_row import DEDUCTION, DOCUMENTATION, LIVE, MODEL, REPORTS, row

# What AdminSetUserPassword does to a user.

for before in ["UNCONFIRMED", "CONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED"]:
    for permanent, after in [(True, "CONFIRMED"), (False, "FORCE_CHANGE_PASSWORD")]:
        def moved(before=before, permanent=permanent):
            pool = Pool().in_status(before)
            seen = [pool.status()]
            pool.set(SECOND, permanent=permanent)
            return [*seen, pool.status()]

        kind = "permanent" if permanent else "temporary"
        row(f"a {kind} password moves `{before}` to `{after}`", [before, after], moto=True,
            source=REPORTS if before == "UNCONFIRMED" else DOCUMENTATION)(moved)


@row("without `Permanent` the password is temporary", "FORCE_CHANGE_PASSWORD", moto=True, source=REPORTS)
def _():
    pool = Pool().with_ann()
    idp.admin_set_user_password(UserPoolId=pool.id, Username="ann", Password=SECOND)
    return pool.status()


@row("a permanent password signs in, the one before it no longer does", ["tokens", "NotAuthorizedException"], moto=True)
def _():
    pool = Pool().with_ann()
    pool.set(SECOND)
    return [tokens(pool.sign_in(SECOND)), refused_with(lambda: pool.sign_in(FIRST))]


@row("a sign-in with a temporary password is challenged", "NEW_PASSWORD_REQUIRED", moto=True)
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
    return [tokens(answered), pool.status()]


@row("the answer must conform with the policy", "InvalidPasswordException", moto=True)
def _():
    pool = Pool().in_status("FORCE_CHANGE_PASSWORD")
    return refused_with(lambda: pool.answer(pool.sign_in(), WEAK))


# Temporary passwords expire.

EXPIRED = Refusal("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator.")

for days, given in [(7, None), (7, 0), (1, 1), (365, 365)]:
    def expires(days=days, given=given):
        pool = Pool({} if given is None else {"TemporaryPasswordValidityDays": given}).in_status("FORCE_CHANGE_PASSWORD")
        move_clock(f"{days * 24 - 1}h")
        seen = [pool.sign_in()["ChallengeName"]]
        move_clock("2h")
        return [*seen, refused(pool.sign_in)]

    setting = "without `TemporaryPasswordValidityDays`" if given is None else f"with `TemporaryPasswordValidityDays` {given}"
    row(f"{setting} a temporary password is valid for {days} day{'s'[:days - 1]}", ["NEW_PASSWORD_REQUIRED", EXPIRED])(expires)


@row("after expiry a new temporary password has a period of its own", "NEW_PASSWORD_REQUIRED")
def _():
    pool = Pool().in_status("FORCE_CHANGE_PASSWORD")
    move_clock("8d")
    pool.set(FIRST, permanent=False)
    move_clock("6d")
    return pool.sign_in()["ChallengeName"]


# The rules of a password.

def did_not_conform(reason):
    return Refusal("InvalidPasswordException", f"Password did not conform with policy: {reason}")


for sentence, password, reason, source in [
    ("what is shorter than `MinimumLength` is refused", "aA1!", "Password not long enough", LIVE),
    ("`RequireUppercase` refuses what has no A-Z", "a" * 8, "Password must have uppercase characters", LIVE),
    ("`RequireLowercase` refuses what has no a-z", "A" * 8, "Password must have lowercase characters", LIVE),
    ("`RequireNumbers` refuses what has no 0-9", "AAAAaaaa", "Password must have numeric characters", LIVE),
    ("`RequireSymbols` refuses what has no symbol", "AAAAaaa1", "Password must have symbol characters", LIVE),
    ("letters beyond A-Z are not uppercase", "ÀÉÎÕ-1aaa", "Password must have uppercase characters", DOCUMENTATION),
    ("digits beyond 0-9 are no numbers", "AAAAaaa١-", "Password must have numeric characters", DOCUMENTATION),
    ("symbols beyond ASCII are none", "AAAAaaa1€", "Password must have symbol characters", DOCUMENTATION),
]:
    row(f"{sentence}: `{password}`", did_not_conform(reason), source=source)(
        lambda password=password: refused(lambda: Pool().with_ann().set(password)))

for sentence, password, moto, source in [("a space between others is a symbol: `AAAAaaa 1`", "AAAAaaa 1", True, DOCUMENTATION),
                                         ("a password may have 256 characters", "Aa1-" * 64, False, MODEL)]:
    def taken(password=password):
        pool = Pool().with_ann()
        pool.set(password)
        return tokens(pool.sign_in(password))

    row(sentence, "tokens", moto=moto, source=source)(taken)

PATTERN = "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression " \
          r"pattern: ^[\S]+.*[\S]+$"

for end, password in [("begin", " AAAaaa1-"), ("end", "AAAaaa1- ")]:
    row(f"a password must not {end} with a space", Refusal("InvalidParameterException", PATTERN), source=LIVE)(
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


@row("the history counts the current password: the same call twice fails the second time", HISTORY, source=DEDUCTION)
def _():
    return refused_with(lambda: Pool({"PasswordHistorySize": 1}).with_ann().set(FIRST))


@row("`PasswordHistorySize` 2 knows the password before the current one, and not the one before that", [HISTORY, "it succeeded"])
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

@row("a user who is unknown", Refusal("UserNotFoundException", "User does not exist."), moto=True, source=LIVE)
def _():
    return refused(lambda: Pool().set(FIRST, "eve"))


@row("a pool that is unknown", Refusal("ResourceNotFoundException", "User pool us-east-1_None00000 does not exist."), moto=True, source=MODEL)
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
    return tokens(pool.sign_in(SECOND))


for alias, value in [("email", "ann@example.com"), ("phone_number", "+15551234567"), ("preferred_username", "annie")]:
    def by_alias(alias=alias, value=value):
        pool = Pool(AliasAttributes=[alias])
        attributes = [{"Name": alias, "Value": value}]
        if alias != "preferred_username":
            attributes.append({"Name": f"{alias}_verified", "Value": "true"})
        pool.create(UserAttributes=attributes)
        pool.set(FIRST, value)
        return pool.status()

    row(f"the alias `{alias}` names its user", "CONFIRMED")(by_alias)


@row("where the email is the username, it names the user, whose username is the `sub`", ["a UUID", "CONFIRMED"], moto=True)
def _():
    pool = Pool(UsernameAttributes=["email"])
    username = pool.create("ann@example.com")["Username"]
    pool.set(FIRST, "ann@example.com")
    return ["a UUID" if str(uuid.UUID(username)) == username else username, pool.status(username)]


@row("a username may begin with `+`, `=` or `-`, and hold any letter", "set for all five", moto=True, source=MODEL)
def _():
    pool = Pool()
    names = ["+15551234567", "=x", "-x", "zoë", "用户一"]
    for name in names:
        pool.create(name)
        pool.set(FIRST, name)
    found = {name for name in names if pool.status(name) == "CONFIRMED"}
    return "set for all five" if found == set(names) else f"set for {found}"


@row("a username must not hold a space", "InvalidParameterException", source=MODEL)
def _():
    return refused_with(lambda: Pool().set(FIRST, "a b"))


# Accounts and tokens.

@row("a disabled user cannot sign in", Refusal("NotAuthorizedException", "User is disabled."), moto=True, source=LIVE)
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


@row("a new password revokes no token, AdminUserGlobalSignOut does", ["refreshed", "NotAuthorizedException"], moto=True, source=DEDUCTION)
def _():
    pool = Pool().with_ann()
    token = pool.sign_in()["AuthenticationResult"]["RefreshToken"]
    pool.set(SECOND)
    seen = "refreshed" if tokens(pool.refresh(token)) == "tokens" else "none"
    pool.call("admin_user_global_sign_out")
    return [seen, refused_with(lambda: pool.refresh(token))]


@row("ListUsers gives every user once, in pages of at most `Limit`", "pages of 3, 3, 1; 7 users", moto=True, source=MODEL)
def _():
    pool = Pool()
    for number in range(7):
        pool.create(f"user-{number}")
    pages, more = [], {}
    while not pages or more:
        page = idp.list_users(UserPoolId=pool.id, Limit=3, **more)
        pages.append([user["Username"] for user in page["Users"]])
        more = {"PaginationToken": page["PaginationToken"]} if "PaginationToken" in page else {}
    return f"pages of {', '.join(str(len(page)) for page in pages)}; {len(set(sum(pages, [])))} users"


@row("ListUsers finds by username, by a beginning and by status", ["ann", "ann", "bob"], moto=True)
def _():
    pool = Pool().with_ann()
    pool.create("bob")
    filters = ['username = "ann"', 'username ^= "an"', 'cognito:user_status = "FORCE_CHANGE_PASSWORD"']
    found = [idp.list_users(UserPoolId=pool.id, Filter=text)["Users"] for text in filters]
    return [", ".join(user["Username"] for user in users) for users in found]


# Signatures.

for sentence, key, secret, code in [("a signature made with another secret", "testing", "tasting", "InvalidSignatureException"),
                                    ("a key that is unknown", "tasting", "testing", "UnrecognizedClientException")]:
    row(sentence, code, source=LIVE)(lambda key=key, secret=secret: refused_with(lambda: client(key, secret).list_users(UserPoolId=Pool().id)))


@row("a call of an administrator without a signature", "MissingAuthenticationTokenException", cli=False)
def _():
    return unsigned("ListUsers")


@row("an operation that does not exist", "UnknownOperationException", cli=False)
def _():
    return unsigned("DeleteTheInternet")
