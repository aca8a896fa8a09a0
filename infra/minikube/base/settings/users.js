// Run once, on an empty volume: each service may read and write the one database, and nothing else.
for (const user of ["gateway", "auth", "converter", "notifier"]) {
  db.getSiblingDB("tonearm").createUser({
    user,
    pwd: process.env[`${user.toUpperCase()}_PASSWORD`],
    roles: [{ role: "readWrite", db: "tonearm" }],
  });
}
