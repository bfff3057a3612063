"use strict";

// Reads the document itself, so that calls go to the host that served this page: its policy allows no other.
(async () => {
  const root = document.getElementById("swagger-ui");
  if (window.matchMedia("(prefers-color-scheme: dark)").matches) {
    document.documentElement.classList.add("dark-mode");
  }
  let spec;
  try {
    const answer = await fetch(root.dataset.document, { credentials: "omit" });
    if (!answer.ok) {
      throw new Error(`it answered ${answer.status}`);
    }
    spec = await answer.json();
  } catch (failure) {
    root.textContent = `The OpenAPI document could not be read: ${failure.message}.`;
    return;
  }
  spec.servers = [{ url: window.location.origin + root.dataset.prefix }];
  window.SwaggerUIBundle({
    spec,
    domNode: root,
    layout: "BaseLayout",
    deepLinking: true,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    queryConfigEnabled: false,
    validatorUrl: null,
    withCredentials: false,
  });
})();
