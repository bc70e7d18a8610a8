// The name of a channel in addresses, made from what people call it. Pure.

export function slug(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 50)
    .replace(/_+$/, "");
}

/** Lets the name in addresses follow the other until somebody types it. */
export function follow(display: HTMLInputElement, name: HTMLInputElement): void {
  let own = name.value !== "" && name.value !== slug(display.value);
  name.addEventListener("input", () => (own = name.value !== ""));
  display.addEventListener("input", () => {
    if (!own) name.value = slug(display.value);
  });
}
