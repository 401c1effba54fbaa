"""One of Python's clients against the application: sessions, JSON, streamed uploads in chunks, large downloads.

    client.py requests|httpx|aiohttp BASE
"""

import asyncio
import hashlib
import json
import sys

LARGE = bytes(range(256)) * 16_384
PIECES = [LARGE[at : at + 65_536] for at in range(0, len(LARGE), 65_536)]
SUM = hashlib.sha256(LARGE).hexdigest()


def check(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: {found!r}, not {expected!r}")


def check_all(get, post):
    for index in range(50):
        answer, text = get("/nginx/hello.txt")
        check("status", answer, 200)
        check("hello", text, b"hello\n")
        body = json.dumps({"index": index}).encode()
        check("echo", post("/echo", body), body)
    check("chunks", post("/sum", iter(PIECES)), SUM.encode() + b"\n")
    check("large", hashlib.sha256(post("/echo", LARGE)).hexdigest(), SUM)
    check("redirect", post("/redirect", LARGE), LARGE)
    check("missing", get("/apache/missing")[0], 404)


def with_requests(base):
    import requests

    with requests.Session() as session:

        def get(path):
            answer = session.get(base + path, timeout=20)
            return answer.status_code, answer.content

        check_all(get, lambda path, body: session.post(base + path, data=body, timeout=20).content)


def with_httpx(base):
    import httpx

    with httpx.Client(base_url=base, timeout=20, trust_env=False, follow_redirects=True) as client:

        def get(path):
            answer = client.get(path)
            return answer.status_code, answer.content

        check_all(get, lambda path, body: client.post(path, content=body).content)


async def with_aiohttp(base):
    import aiohttp

    async def pieces():
        for piece in PIECES:
            yield piece

    async with aiohttp.ClientSession() as session:

        async def get(path):
            async with session.get(base + path) as answer:
                return answer.status, await answer.read()

        async def post(path, body):
            async with session.post(base + path, data=body) as answer:
                return await answer.read()

        found = await asyncio.gather(*(get("/nginx/hello.txt") for _ in range(200)))
        check("hello", set(found), {(200, b"hello\n")})
        check("chunks", await post("/sum", pieces()), SUM.encode() + b"\n")
        check("large", hashlib.sha256(await post("/echo", LARGE)).hexdigest(), SUM)
        check("redirect", await post("/redirect", LARGE), LARGE)
        async with session.ws_connect(base + "/socket") as socket:
            for index in range(100):
                await socket.send_str(f"message {index}")
                check("message", (await socket.receive()).data, f"message {index}")


def main():
    library, base = sys.argv[1:]
    if library == "aiohttp":
        asyncio.run(with_aiohttp(base))
        print("200 requests at once, 4 MiB in chunks and back, a redirect, 100 messages of a WebSocket")
    else:
        {"requests": with_requests, "httpx": with_httpx}[library](base)
        print("103 requests of a session, 4 MiB in chunks and back, a redirect")


main()
