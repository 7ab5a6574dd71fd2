"""Questions to an ArcGIS server over HTTP: bounded, patient with a busy server, clear about every other answer.

ArcGIS answers many errors with status 200 and an object `error` inside (ArcGIS REST API, "Handling errors"); both
kinds become the same exceptions here. The token travels in the body of a POST and never in an address or a message.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import httpx

from geo.errors import AccessError, ConfigError, EnvironmentProblem, InputError, YukiError
from geo.settings_feeds import ArcgisSettings
from ingest.patience import LONGEST_WAIT_S, Patience

#: One question is asked so often before it counts as failed.
ATTEMPTS = 5
#: timeout_s bounds each silence; a whole answer may take so many times as long.
DRIP_FACTOR = 10
#: Longer questions go as POST: many servers and proxies cut addresses at 2,048 characters.
LONGEST_ADDRESS = 1_800
#: Statuses, as HTTP's or inside an answer, after which the same question may go well.
BUSY = frozenset({429, 500, 502, 503, 504})
#: 498 and 499 are ArcGIS's own: the token is invalid, a token is needed.
REFUSED = frozenset({401, 403, 498, 499})


class _Busy(Exception):
    """No answer, or the server asks to come again: after `retry_after_s` seconds, if it says so."""

    def __init__(self, said: str, retry_after_s: float | None = None) -> None:
        super().__init__(said)
        self.retry_after_s = retry_after_s


def read_token(settings: ArcgisSettings, environment: Mapping[str, str] | None = None) -> str | None:
    """The token by file or environment; None where the settings name none. Raises ConfigError, never quoting it."""
    token: str | None = None
    if settings.token_variable:
        token = (os.environ if environment is None else environment).get(settings.token_variable, "").strip()
        if not token:
            raise ConfigError(f"The variable {settings.token_variable} holds no token.", hint="Set it and run again.")
    elif settings.token_file:
        try:
            token = Path(settings.token_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{settings.token_file}: the token cannot be read.", hint="Correct token_file."
            ) from error
        if not token:
            raise ConfigError(f"{settings.token_file}: the file is empty.", hint="Write the token into it.")
    if token and not _is_private(settings.url):
        raise ConfigError(f"{settings.url}: a token does not travel unencrypted.", hint="Use https.")
    return token


def _is_private(url: str) -> bool:
    """Whether nobody reads along: TLS, or this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        return parts.scheme == "https" or host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class ArcgisClient:
    """Asks one layer. Use it as a context manager; one thread at a time."""

    def __init__(self, settings: ArcgisSettings, token: str | None = None, patience: Patience | None = None) -> None:
        self._settings = settings
        self._token = token
        self._patience = patience or Patience()
        self._http = httpx.Client(
            timeout=settings.timeout_s, follow_redirects=False, headers={"User-Agent": "yukimichi", "Accept": "*/*"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def ask(self, operation: str = "", **params: object) -> dict[str, Any]:
        """The answer of an operation of the layer ("" for its description, "query").

        Raises AccessError where a token is missing or refused, InputError where the answer is none or the question is
        refused, EnvironmentProblem where the server does not answer or stays busy; `retry_after_s` is set then.
        """
        url = f"{self._settings.url}/{operation}".rstrip("/")
        form = {key: _text(value) for key, value in params.items()} | {"f": "json"}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._ask_once(url, form)
            except _Busy as busy:
                if attempt == ATTEMPTS:
                    wait_s = busy.retry_after_s or LONGEST_WAIT_S
                    raise EnvironmentProblem(
                        f"{url}: {busy} ({ATTEMPTS} tries).",
                        hint="Look whether the server is up; the next poll asks again.",
                        retry_after_s=round(wait_s),
                    ) from None
                self._patience.wait(attempt, busy.retry_after_s)
        raise AssertionError("unreachable")

    def _ask_once(self, url: str, form: dict[str, str]) -> dict[str, Any]:
        is_short = len(url) + len(urlencode(form)) < LONGEST_ADDRESS
        try:
            if self._token is None and is_short:
                request = self._http.build_request("GET", url, params=form)
            else:
                secret = {} if self._token is None else {"token": self._token}
                request = self._http.build_request("POST", url, data=form | secret)
            response = self._http.send(request, stream=True)
            try:
                body = self._read(response, url)
            finally:
                response.close()
        except httpx.TimeoutException:
            raise _Busy(f"no answer within {self._settings.timeout_s:g} s") from None
        except httpx.DecodingError:
            raise _Busy("the answer is packed in a way that cannot be read") from None
        except httpx.TransportError as error:
            raise _Busy(f"no connection: {self._clean(str(error)) or type(error).__name__}") from None
        self._judge_status(response, url, body)
        return self._judge_body(url, body, _retry_after_s(response))

    def _read(self, response: httpx.Response, url: str) -> bytes:
        """The body unpacked, as far as it is not too large."""
        parts, size = [], 0
        until = time.monotonic() + DRIP_FACTOR * self._settings.timeout_s
        for part in response.iter_bytes():
            size += len(part)
            if time.monotonic() > until:
                raise _Busy(f"the answer still drips in after {DRIP_FACTOR * self._settings.timeout_s:g} s")
            if size > self._settings.max_answer_bytes:
                raise InputError(
                    f"{url}: an answer of more than {self._settings.max_answer_bytes:,} bytes.",
                    hint="Lower page_size, or raise max_answer_bytes of the source.",
                )
            parts.append(part)
        return b"".join(parts)

    def _judge_status(self, response: httpx.Response, url: str, body: bytes) -> None:
        status = response.status_code
        if response.is_redirect:
            target = urlsplit(str(response.headers.get("location", "")))
            to = f"{target.scheme}://{target.netloc}{target.path}" if target.netloc else target.path
            raise InputError(f"{url}: the server sends us on to {to}.", hint="Is a login needed? Correct `url`.")
        if status in BUSY:
            raise _Busy(f"the server answers {status}", _retry_after_s(response))
        if status >= 400:
            raise self._refusal(url, status, _page_title(body))

    def _judge_body(self, url: str, body: bytes, retry_after_s: float | None) -> dict[str, Any]:
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            title = self._clean(_page_title(body))
            what = f"a web page ({title})" if title else "something that is no JSON object"
            raise InputError(
                f"{url}: the server answers with {what}.",
                hint="`url` names the layer itself: …/FeatureServer/0. A page may also mean that a login is needed.",
            )
        error = answer.get("error")
        if error is None:
            return answer
        code, said = _error_of(error)
        if code in BUSY:
            raise _Busy(f"the server says {code}: {self._clean(said)}", retry_after_s)
        raise self._refusal(url, code, said)

    def _refusal(self, url: str, code: int, said: str) -> YukiError:
        text = f"{url}: the server refuses with {code}" + (f": {self._clean(said)}" if said else "") + "."
        if code in REFUSED:
            hint = "A new token is needed." if self._token else "Name a token by token_file or token_variable."
            return AccessError(text, hint=hint)
        return InputError(text, hint="Compare url, where and the fields of the source with the layer's page.")

    def _clean(self, said: str) -> str:
        """What a server said, on one line, short, and without our token should it echo that."""
        if self._token:
            said = said.replace(self._token, "…")
        return " ".join(re.sub(r"[^\S ]|[\x00-\x1f]", " ", said).split())[:300].rstrip(".")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _error_of(error: object) -> tuple[int, str]:
    """Code and words of an `error` object; 0 where it has no code."""
    if not isinstance(error, dict):
        return 0, str(error)
    details = error.get("details")
    listed = details if isinstance(details, list) else [details]
    words = dict.fromkeys(str(word) for word in (error.get("message"), *listed) if word)
    code = error.get("code")
    return (code if isinstance(code, int) else 0), "; ".join(words)


def _retry_after_s(response: httpx.Response) -> float | None:
    """Seconds of Retry-After; None for none, and for a date, which the own waits cover."""
    said = response.headers.get("retry-after", "")
    return float(said) if re.fullmatch(r"\d{1,6}", said) else None


def _page_title(body: bytes) -> str:
    """The title of a web page, or its first words; "" for anything else."""
    text = body[:20_000].decode("utf-8", "replace")
    if not text.lstrip().startswith("<"):
        return ""
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    return title.group(1) if title else re.sub(r"<[^>]*>", " ", text)[:80]
