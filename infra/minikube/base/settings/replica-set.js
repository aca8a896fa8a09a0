// Asked at every start: a replica set of one, begun once. Fails until it is primary.
try {
  rs.status();
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  rs.initiate({ _id: "tonearm", members: [{ _id: 0, host: "mongodb-0.mongodb-nodes:27017" }] });
}
if (!db.hello().isWritablePrimary) quit(1);
