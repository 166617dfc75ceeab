"""Sets passwords with boto3 as a script would: threads that take the next user, and botocore's own retries in one of its modes.

Usage: rate_boto3.py ENDPOINT POOL USERS MODE SECONDS
"""

import itertools
import sys
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

THREADS = 16

endpoint, pool, users, mode, seconds = sys.argv[1:]
client = boto3.client(
    "cognito-idp",
    region_name=pool.split("_")[0],
    endpoint_url=endpoint,
    config=Config(retries={"mode": mode, "max_attempts": 10}, max_pool_connections=THREADS),
)
numbers = itertools.count(1)
ends = time.monotonic() + float(seconds)


def work():
    while time.monotonic() < ends:
        number = next(numbers)
        if number > int(users):
            return
        user = {"UserPoolId": pool, "Username": f"user{number:06}", "Password": "Correct-Horse-7", "Permanent": True}
        while time.monotonic() < ends:
            try:
                client.admin_set_user_password(**user)
                break
            except ClientError:
                pass  # Throttled more often than botocore tries: the user is tried again.


threads = [threading.Thread(target=work) for _ in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
