// The list of datasets: makes a new one.
import { attempt, request } from "./studio.js";

document.getElementById("create").addEventListener("submit", event => {
  event.preventDefault();
  const name = document.getElementById("subject").value.trim();
  attempt(async () => {
    await request("POST", "/api/datasets", { subject: name });
    location.href = `/datasets/${encodeURIComponent(name)}`;
  });
});
