// Loaded before server-everything: keeps it to loopback on a port of the system's choice, and writes which one that is, and what each
// request carried.
const { Server } = require("node:http");

const listen = Server.prototype.listen;
Server.prototype.listen = function (_, ...rest) {
  this.on("listening", () => console.log(`listening ${this.address().port}`));
  this.on("request", (request) => console.log(`request ${JSON.stringify({ method: request.method, headers: request.headers })}`));
  return listen.call(this, 0, "127.0.0.1", ...rest);
};
