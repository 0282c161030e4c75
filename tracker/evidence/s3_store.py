"""A store that speaks S3: Amazon's, MinIO, Ceph, R2, Garage, …

`https://KEY:SECRET@host/bucket[/prefix]?region=eu-west-1`; key and secret are percent-encoded where they hold
`/` or `+`. Requests are path-style and signed with version 4, which all of these understand.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from tracker.evidence.store_problems import NoSuchFile, StoreUnavailable

T = TypeVar("T")

log = logging.getLogger("tracker.evidence")

THREADS = 8
CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 10
DEFAULT_REGION = "us-east-1"  # what stores without regions expect in the signature


class S3Store:
    """Objects `prefix/key` of one bucket. boto3 blocks, so each call has a thread."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._endpoint = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._access = (unquote(parts.username or ""), unquote(parts.password or ""))
        self._bucket, _, prefix = parts.path.strip("/").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._region = parse_qs(parts.query).get("region", [DEFAULT_REGION])[0]
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="s3")

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        """Keep a file; the store shows it whole or not at all. Raises StoreUnavailable."""
        await self._run(
            lambda: self._client.put_object(**self._named(key), Body=data, ContentType=media_type)
        )

    async def get(self, key: str) -> bytes:
        """The file. Raises NoSuchFile, StoreUnavailable."""
        data: bytes = await self._run(lambda: self._client.get_object(**self._named(key))["Body"].read())
        return data

    async def delete(self, key: str) -> None:
        """Remove the file. Raises StoreUnavailable."""
        with contextlib.suppress(NoSuchFile):  # most stores answer 204 for what is not there, some 404
            await self._run(lambda: self._client.delete_object(**self._named(key)))

    async def aclose(self) -> None:
        """Close the connections; calls under way end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        if "_client" in self.__dict__:
            self._client.close()

    def _named(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    @cached_property
    def _client(self) -> Any:  # made in a thread at the first call: it reads its API's description from disk
        key, secret = self._access
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self._endpoint,
            region_name=self._region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=READ_TIMEOUT_S,
                max_pool_connections=THREADS,
                retries={"total_max_attempts": 1},  # the caller is told 503 and retries
                request_checksum_calculation="when_required",  # many stores know no newer checksums
                response_checksum_validation="when_required",
            ),
        )

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            code = error.response.get("Error", {}).get("Code")
            if code == "NoSuchKey":  # any other 404 is of the bucket, or of something before the store
                raise NoSuchFile from None
            log.warning("the store answered %s (%s)", status, code)  # 403: the keys or the bucket are wrong
            raise StoreUnavailable from error
        except BotoCoreError as error:
            raise StoreUnavailable from error
