// The list of campaigns: makes a new one.
import { attempt, request } from "./studio.js";

document.getElementById("create").addEventListener("submit", event => {
  event.preventDefault();
  const name = document.getElementById("name").value.trim();
  attempt(async () => {
    await request("POST", "/api/campaigns", { name });
    location.href = `/campaigns/${encodeURIComponent(name)}`;
  });
});
