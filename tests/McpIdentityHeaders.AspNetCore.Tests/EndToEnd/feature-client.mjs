// A client of the TypeScript SDK that uses one feature after the other and writes what came of each:
//     node feature-client.mjs v1|v2 endpoint token prefix rows
// The prefix is what a gateway puts before the server's names. Rows are [{ name, kind, target, arguments }].
const [version, endpoint, token, prefix, rowsText] = process.argv.slice(2);
const rows = JSON.parse(rowsText);
const isV1 = version === "v1";
const sdk = isV1
  ? {
      ...(await import("@modelcontextprotocol/sdk/client/index.js")),
      ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
      ...(await import("@modelcontextprotocol/sdk/types.js")),
    }
  : await import("@modelcontextprotocol/client");

const client = new sdk.Client(
  { name: "matrix", version: "1" },
  {
    capabilities: { elicitation: {}, sampling: {}, roots: {} },
    ...(isV1 ? {} : { versionNegotiation: { mode: "auto" } }),
  },
);
const answer = (schema, method, result) => client.setRequestHandler(isV1 ? sdk[schema] : method, async () => result);
answer("ElicitRequestSchema", "elicitation/create", {
  action: "accept",
  content: { name: "Ann", username: "ann", email: "ann@example.com", context: "work" },
});
answer("CreateMessageRequestSchema", "sampling/createMessage", {
  model: "none",
  role: "assistant",
  content: { type: "text", text: "sampled" },
});
answer("ListRootsRequestSchema", "roots/list", { roots: [{ uri: "file:///work", name: "work" }] });

let logged = 0;
client.setNotificationHandler(isV1 ? sdk.LoggingMessageNotificationSchema : "notifications/message", () => void logged++);

let toolsChanged;
let notifyToolsChanged;
const awaitToolsChanged = () => (toolsChanged = new Promise((resolve) => (notifyToolsChanged = () => resolve(true))));
awaitToolsChanged();
client.setNotificationHandler(
  isV1 ? sdk.ToolListChangedNotificationSchema : "notifications/tools/list_changed",
  () => notifyToolsChanged(),
);

const headers = token === "" ? {} : { Authorization: `Bearer ${token}` };
await client.connect(new sdk.StreamableHTTPClientTransport(new URL(endpoint), { requestInit: { headers } }));

const strip = (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
const names = (items) => items.map((item) => strip(item.name)).sort().join(" ");
const find = (items, name) => items.find((item) => strip(item.name) === name) ?? { uri: `missing:${name}` };
// JSON with its members in order: a client of another protocol revision keeps them in another.
const sorted = (value) =>
  JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner,
  );
const start = (text) => String(text).slice(0, 40);
const block = (content) =>
  `${content.type}:${start(content.text ?? content.mimeType ?? content.resource?.text ?? content.resource?.mimeType ?? "")}`;
const contents = (result) => result.contents.map((content) => `${content.mimeType}:${start(content.text ?? "blob")}`).join(";");

// The server may add tools for what the client can do once the session has begun, and notifies of it. It drops what it sends before the
// client listens: look once more without being notified.
const wanted = rows.filter((row) => row.kind === "tool").map((row) => row.target);
let tools = (await client.listTools()).tools;
for (let notified = true; notified && !wanted.every((name) => tools.some((tool) => strip(tool.name) === name)); ) {
  notified = await Promise.race([toolsChanged, new Promise((resolve) => setTimeout(resolve, 1000, false))]);
  awaitToolsChanged();
  tools = (await client.listTools()).tools;
}

const kinds = {
  instructions: async () => start(client.getInstructions()),
  tools: async () => names(tools.filter((tool) => tool.name.startsWith(prefix))),
  schemas: async () => sorted(find(tools, rows.find((row) => row.kind === "schemas").target)).replaceAll(prefix, ""),
  prompts: async () => names((await client.listPrompts()).prompts),
  resources: async () => names((await client.listResources()).resources),
  templates: async () => names((await client.listResourceTemplates()).resourceTemplates),
  ping: async () => JSON.stringify(await client.ping()),
  tool: async ({ target, arguments: args }) => {
    const result = await client.callTool({ name: prefix + target, arguments: args });
    return `${result.isError ? "error " : ""}${result.content.map(block).join(";")} ${JSON.stringify(result.structuredContent)}`;
  },
  progress: async ({ target, arguments: args }) => {
    let reports = 0;
    const options = { onprogress: () => void reports++ };
    await (isV1
      ? client.callTool({ name: prefix + target, arguments: args }, undefined, options)
      : client.callTool({ name: prefix + target, arguments: args }, options));
    return reports > 0 ? "reported" : "silent";
  },
  logging: async ({ target }) => {
    await client.setLoggingLevel("info");
    await client.callTool({ name: prefix + target, arguments: {} });
    return `${logged} lines`;
  },
  prompt: async ({ target, arguments: args }) => {
    const result = await client.getPrompt({ name: prefix + target, arguments: args });
    return result.messages.map((message) => `${message.role} ${block(message.content)}`).join(";");
  },
  completion: async ({ target, arguments: args }) => {
    const [name, value] = Object.entries(args)[0];
    const result = await client.complete({ ref: { type: "ref/prompt", name: prefix + target }, argument: { name, value } });
    return result.completion.values.join(" ");
  },
  resource: async ({ target }) =>
    contents(await client.readResource({ uri: find((await client.listResources()).resources, target).uri })),
  subscription: async ({ target }) => {
    const { uri } = find((await client.listResources()).resources, target);
    return JSON.stringify([await client.subscribeResource({ uri }), await client.unsubscribeResource({ uri })]);
  },
  template: async ({ target, arguments: args }) => {
    const template = find((await client.listResourceTemplates()).resourceTemplates, target).uriTemplate ?? "missing:{id}";
    const uri = Object.entries(args).reduce((text, [name, value]) => text.replace(`{${name}}`, value), template);
    return contents(await client.readResource({ uri }));
  },
};

for (const row of rows) {
  let outcome;
  try {
    outcome = await kinds[row.kind](row);
  } catch (error) {
    outcome = `error ${error.code ?? error.name}`;
  }

  console.log(`${row.name}\t${outcome.replaceAll("\n", " ")}`);
}

console.log("end");
process.exit(0);
