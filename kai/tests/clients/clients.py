#!/usr/bin/env python3
"""Clients that people have, against a running kai service: OpenAI's Python client and MCP's.

usage: clients.py URL TOKEN KAI

TOKEN has the scopes ask and plan; KAI is the program, which the MCP client also starts by itself. The
service answers from two pages, about zfs-hold and zpool-scrub, on a simulated host.
"""
import asyncio
import os
import sys

FAILED = []


def check(right, what):
    print(("ok   " if right else "FAIL ") + what)
    if not right:
        FAILED.append(what)


def with_openai(url, token):
    """Models, a chat whole and in pieces, errors."""
    import openai

    client = openai.OpenAI(base_url=url + "/v1", api_key=token)
    check([model.id for model in client.models.list()] == ["kai"], "openai: the model is listed")
    ask = [{"role": "user", "content": "how do I hold a snapshot so that it cannot be destroyed?"}]
    whole = client.chat.completions.create(model="kai", messages=ask)
    text = whole.choices[0].message.content
    check("zfs hold" in text and "hold.md" in text, "openai: a chat is answered with its source")
    check(whole.choices[0].finish_reason == "stop", "openai: it ends")
    pieces = client.chat.completions.create(model="kai", messages=ask, stream=True,
                                            stream_options={"include_usage": True})
    chunks = list(pieces)
    streamed = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    check(streamed == text, "openai: the same in pieces")
    check(chunks[-1].usage is not None, "openai: usage comes last")
    order = [{"role": "user", "content": "snapshot web1 as kept"}]
    plan = client.chat.completions.create(model="kai", messages=order).choices[0].message.content
    check("Nothing has been done" in plan and "@kept" in plan, "openai: an order is told as a plan")
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    try:
        client.chat.completions.create(model="kai", messages=ask, tools=tools)
        check(False, "openai: tools without a model server are refused")
    except openai.UnprocessableEntityError as error:
        check("model server" in str(error), "openai: tools without a model server are refused")
    try:
        client.chat.completions.create(model="kai", messages=ask, n=2)
        check(False, "openai: an error says which field it is about")
    except openai.BadRequestError as error:
        check(error.param == "n" and error.type == "invalid_request_error",
              "openai: an error says which field it is about")
    try:
        openai.OpenAI(base_url=url + "/v1", api_key="kai_none", max_retries=0).models.list()
        check(False, "openai: a wrong key is refused")
    except openai.AuthenticationError:
        check(True, "openai: a wrong key is refused")


async def speak(session, where):
    """The same conversation over either transport."""
    begun = await session.initialize()
    check(begun.server_info.name == "kai", f"mcp over {where}: the server says who it is")
    names = [tool.name for tool in (await session.list_tools()).tools]
    check({"docs_search", "kvm_list", "propose_kvm_snap"} <= set(names), f"mcp over {where}: tools are offered")
    check(not any("approve" in name or "apply" in name for name in names), f"mcp over {where}: none approves")
    seen = await session.call_tool("kvm_list", {})
    check("web1" in seen.content[0].text, f"mcp over {where}: the host is seen")
    plan = await session.call_tool("propose_kvm_delete", {"vm": "db1"})
    check("Nothing has been done" in plan.content[0].text, f"mcp over {where}: a proposal changes nothing")
    wrong = await session.call_tool("propose_kvm_snap", {"vm": "nowhere"})
    check(wrong.is_error, f"mcp over {where}: what is not there is refused")


async def with_mcp(url, token, kai):
    """Over HTTP and over standard input and output."""
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client
    from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

    async with create_mcp_http_client(headers={"Authorization": f"Bearer {token}"}) as http:
        async with streamable_http_client(url + "/mcp", http_client=http) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                await speak(session, "http")
    started = StdioServerParameters(command=kai, args=["mcp"], env=dict(os.environ))
    async with stdio_client(started) as (read, write):
        async with ClientSession(read, write) as session:
            await speak(session, "stdio")


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    url, token, kai = sys.argv[1:]
    with_openai(url, token)
    asyncio.run(with_mcp(url, token, kai))
    print("all as it should be" if not FAILED else f"{len(FAILED)} not as it should be")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
