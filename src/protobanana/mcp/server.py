"""The MCP server: tools of whatever the gateway can draw at that moment."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp_types import (
    INTERNAL_ERROR,
    CallToolRequestParams,
    CallToolResult,
    ErrorData,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from protobanana import __version__
from protobanana.client.gateway import Gateway
from protobanana.errors import InvalidRequestError, ProtoBananaError
from protobanana.mcp import listing
from protobanana.mcp.arguments import checked
from protobanana.mcp.catalogue import catalogue
from protobanana.mcp.drawing import draw
from protobanana.mcp.pictures import Sources
from protobanana.mcp.results import content_of
from protobanana.mcp.skills import Skill, skills_of
from protobanana.mcp.watch import Watch

INSTRUCTIONS = (
    "Draws and edits pictures on the user's own machines. Every picture has a name (img_...): to go on from one, give "
    "that name as `image`. Leave arguments out that the user did not ask for."
)
Context = ServerRequestContext[Any, Any]


class Tools:
    """The handlers of MCP's requests, for one gateway.

    `local`: the client runs on this machine as this user, so that files may be named. `kilobytes`: see `content_of`.
    """

    def __init__(self, gateway: Gateway, *, local: bool, kilobytes: int) -> None:
        self.gateway = gateway
        self._local = local
        self._kilobytes = kilobytes
        self._watch = Watch(self._look)

    def server(self) -> Server[None]:
        """An MCP server with these handlers; it closes the gateway's connections when it ends."""

        @asynccontextmanager
        async def living(_: Server[None]) -> AsyncGenerator[None]:
            async with AsyncExitStack() as stack:
                stack.push_async_callback(self.gateway.aclose)
                if self.gateway.key:  # else each caller has other tools
                    await stack.enter_async_context(self._watch.running())
                yield

        server = Server(
            "protobanana",
            version=__version__,
            instructions=INSTRUCTIONS,
            lifespan=living,
            on_subscriptions_listen=self._watch.listen,
        )
        server.add_request_handler("tools/list", PaginatedRequestParams, self.tools)
        server.add_request_handler("tools/call", CallToolRequestParams, self.call)
        return server

    async def tools(self, context: Context, params: PaginatedRequestParams) -> ListToolsResult | ErrorData:
        """What can be called. Where the gateway says nothing, an error that says why."""
        del params
        if self._local and context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
            self._watch.session = context.session
        try:
            offered = await self._offered(self._key(context))
        except ProtoBananaError as error:
            self._watch.told("")
            return ErrorData(code=INTERNAL_ERROR, message=error.message)
        self._watch.told(offered.model_dump_json())
        return offered

    async def _offered(self, key: str | None) -> ListToolsResult:
        skills = skills_of(await catalogue(self.gateway, key), local=self._local)
        return ListToolsResult(tools=[_LISTING, *(_tool(skill) for skill in skills.values())])

    async def _look(self) -> str:
        return (await self._offered(None)).model_dump_json()

    async def call(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        """Do it. What fails is told as the result, so that an LLM can do better."""
        try:
            return await self._called(context, params)
        except ProtoBananaError as error:
            return CallToolResult(content=[TextContent(text=error.message)], is_error=True)

    async def _called(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        key = self._key(context)
        known = await catalogue(self.gateway, key)
        if params.name == listing.NAME:
            given = checked(params.arguments, listing.SCHEMA)
            return CallToolResult(content=[TextContent(text=listing.told(known, given.get("name")))])
        skills = skills_of(known, local=self._local)
        skill = skills.get(params.name)
        if skill is None:
            names = ", ".join([listing.NAME, *skills])
            raise InvalidRequestError(f"There is no tool of that name; there are {names}.", param="name")
        report = context.session.report_progress if (context.meta or {}).get("progress_token") is not None else None
        made = await draw(
            skill, checked(params.arguments, skill.schema), Sources(self.gateway, key, self._local), report
        )
        return CallToolResult(content=await content_of(made, self.gateway, self._kilobytes))

    def _key(self, context: Context) -> str | None:
        """The caller's own key. Raises InvalidRequestError where neither they nor this server has one."""
        request = context.request
        scheme, _, key = (request.headers.get("authorization", "") if request is not None else "").partition(" ")
        own = key.strip() if scheme.lower() == "bearer" else ""
        if not (own or self.gateway.key):
            how = "set GATEWAY_API_KEY for this MCP server"
            also = "" if self._local else ", or send `Authorization: Bearer KEY` with each request"
            raise InvalidRequestError(f"There is no key for the gateway: {how}{also}.", code="key")
        return own or None


def _tool(skill: Skill) -> Tool:
    return Tool(
        name=skill.name,
        title=skill.title,
        description=skill.description,
        input_schema=skill.schema,
        annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False),
    )


_LISTING = Tool(
    name=listing.NAME,
    title="Workflows",
    description=listing.DESCRIPTION,
    input_schema=dict(listing.SCHEMA),
    annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
)
