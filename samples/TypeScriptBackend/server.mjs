// An MCP backend in TypeScript's own SDK, with the user of a signed identity assertion. It needs three settings:
//   ISSUER    who signs, for example https://gateway.example.com
//   AUDIENCE  this backend as the gateway calls it, for example https://notes.example.com
//   PORT      where it listens; 0 lets the system choose
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { ISSUER: issuer, AUDIENCE: audience, PORT: port = "8090" } = process.env;
if (!issuer || !audience) {
  console.error("Set ISSUER and AUDIENCE.");
  process.exit(1);
}

const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", issuer));

// Every request of the user carries an assertion. Without a valid one there is no user, and no answer.
async function authenticate(request) {
  const assertions = request.headersDistinct["x-user-assertion"] ?? [];
  if (assertions.length !== 1) {
    throw new Error("no assertion, or several");
  }
  const { payload } = await jwtVerify(assertions[0], keys, {
    issuer,
    audience,
    typ: "user-assertion+jwt",
    algorithms: ["ES256"],
    requiredClaims: ["sub", "iat", "exp"],
    clockTolerance: 30,
  });
  return payload;
}

function createMcpServer(user) {
  const server = new McpServer({ name: "typescript-backend", version: "1.0.0" });
  server.registerTool("whoami", { description: "Tells whom the assertion names." }, () => ({
    content: [{ type: "text", text: `${user.sub} ${user.email ?? ""}`.trim() }],
  }));
  return server;
}

const http = createServer(async (request, response) => {
  let user;
  try {
    user = await authenticate(request);
  } catch (error) {
    console.error(`refused: ${error.code ?? error.message}`);
    response.writeHead(401, { "WWW-Authenticate": "IdentityAssertion" }).end();
    return;
  }

  if (request.method !== "POST") {
    response.writeHead(405, { Allow: "POST" }).end();
    return;
  }

  // Stateless: one server for each request, so that nothing of one user is left for another.
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on("close", () => transport.close());
  await createMcpServer(user).connect(transport);
  await transport.handleRequest(request, response);
});

http.listen(Number(port), "127.0.0.1", () => console.log(`listening ${http.address().port}`));
