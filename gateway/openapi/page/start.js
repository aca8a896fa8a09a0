// Swagger UI, light or dark as the person's system is.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

SwaggerUIBundle({
  dom_id: "#api",
  url: "/schema/openapi.json",
  deepLinking: true,
  defaultModelsExpandDepth: 0, // the schemas stay folded: each call shows its own
  displayRequestDuration: true,
  validatorUrl: null, // no other host learns of this page
});
