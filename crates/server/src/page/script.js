"use strict";
for (const field of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  const set = (isShown) => {
    field.type = isShown ? "text" : "password";
    button.textContent = isShown ? "Hide" : "Show";
    button.setAttribute("aria-label", (isShown ? "Hide" : "Show") + " the password");
  };
  button.type = "button";
  button.className = "show";
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => set(field.type === "password"));
  field.form.addEventListener("submit", () => set(false));
  set(false);
  field.after(button);
}
const going = document.querySelector("form[data-go]");
if (going) {
  history.replaceState(null, "", location.pathname);
  going.requestSubmit();
}
