// Small helpers to build and find elements.

type Child = Node | string | null | undefined | false;

/** Makes an element. Attributes that are undefined or false are left out; true stands for an empty value. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children) if (child) node.append(child);
  return node;
}

const svgNamespace = "http://www.w3.org/2000/svg";

export function svg(tag: string, attributes: Record<string, string> = {}, ...children: SVGElement[]): SVGElement {
  const node = document.createElementNS(svgNamespace, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Finds what the page's HTML is known to have. */
export function find<T extends Element = HTMLElement>(selector: string, root: ParentNode = document): T {
  const node = root.querySelector<T>(selector);
  if (!node) throw new Error(`the page has no ${selector}`);
  return node;
}

/** Replaces the children of a node, unless what is there says the same: focus and animations stay. */
export function refill(node: Element, state: unknown, make: () => Node[]): void {
  const now = JSON.stringify(state);
  if ((node as HTMLElement).dataset["state"] === now) return;
  (node as HTMLElement).dataset["state"] = now;
  node.replaceChildren(...make());
}
