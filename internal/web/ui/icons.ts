// The icons, drawn for these pages on a grid of 24. They are ornaments: the button around them carries the words.
import { svg } from "./dom.ts";

const shapes = {
  play: "M8 5.2v13.6a.7.7 0 0 0 1.07.6l10.6-6.8a.7.7 0 0 0 0-1.2L9.07 4.6A.7.7 0 0 0 8 5.2Z",
  pause: "M7 5h3.2v14H7zM13.8 5H17v14h-3.2z",
  sound: "M4 9.3v5.4h3.4L12 18.6V5.4L7.4 9.3ZM14.6 8.3a5 5 0 0 1 0 7.4l-1-1.2a3.4 3.4 0 0 0 0-5ZM17 5.6a8.6 8.6 0 0 1 0 12.8l-1.1-1.2a7 7 0 0 0 0-10.4Z",
  silent: "M4 9.3v5.4h3.4L12 18.6V5.4L7.4 9.3ZM14.5 9.7l1.1-1.1 2.2 2.2L20 8.6l1.1 1.1-2.2 2.3 2.2 2.2-1.1 1.1-2.2-2.2-2.2 2.2-1.1-1.1 2.2-2.2Z",
  audio: "M5 13.2V12a7 7 0 0 1 14 0v1.2a2.6 2.6 0 0 1 1.4 2.3v1.2a2.6 2.6 0 0 1-2.6 2.6h-1.5v-6.3h1.1V12a5.4 5.4 0 0 0-10.8 0v1h1.1v6.3H6.2a2.6 2.6 0 0 1-2.6-2.6v-1.2a2.6 2.6 0 0 1 1.4-2.3Z",
  stats: "M4 19v-1.7h16V19ZM5 15.5v-4h2.6v4Zm4.2 0V6h2.6v9.5Zm4.2 0V9h2.6v6.5Zm4.2 0v-3h2.4v3Z",
  pip: "M4.6 5h14.8A1.6 1.6 0 0 1 21 6.6v10.8a1.6 1.6 0 0 1-1.6 1.6H4.6A1.6 1.6 0 0 1 3 17.4V6.6A1.6 1.6 0 0 1 4.6 5Zm0 1.6v10.8h14.8V6.6Zm7.4 4.9h6v4.5h-6Z",
  expand: "M4 4h6v1.7H6.9l3.4 3.4-1.2 1.2-3.4-3.4V10H4Zm16 16h-6v-1.7h3.1l-3.4-3.4 1.2-1.2 3.4 3.4V14H20Z",
  shrink: "M10.3 10.3h-6V8.6h3.1L4 5.2 5.2 4l3.4 3.4V4.3h1.7Zm3.4 3.4h6v1.7h-3.1l3.4 3.4-1.2 1.2-3.4-3.4v3.1h-1.7Z",
  copy: "M8.5 3h9A1.5 1.5 0 0 1 19 4.5v11a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 7 15.5v-11A1.5 1.5 0 0 1 8.5 3Zm.1 1.6v10.8h8.8V4.6ZM4 7h1.6v12.4h9.4V21H5.5A1.5 1.5 0 0 1 4 19.5Z",
  qr: "M4 4h7v7H4Zm1.7 1.7v3.6h3.6V5.7ZM13 4h7v7h-7Zm1.7 1.7v3.6h3.6V5.7ZM4 13h7v7H4Zm1.7 1.7v3.6h3.6v-3.6ZM13 13h3v3h-3Zm4 0h3v3h-3Zm-2 4h2v3h-4v-2h2Zm3.5.5H20V20h-1.5Z",
  close: "m6.3 5 5.7 5.7L17.7 5 19 6.3 13.3 12l5.7 5.7-1.3 1.3-5.7-5.7L6.3 19 5 17.7l5.7-5.7L5 6.3Z",
  check: "m9.6 17.3-5-5L6 10.9l3.6 3.6L18 6.1l1.4 1.4Z",
};

export type IconName = keyof typeof shapes;

export function icon(name: IconName): SVGElement {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, svg("path", { d: shapes[name] }));
}

/** Changes the picture of an icon that is on the page. */
export function setIcon(node: SVGElement, name: IconName): void {
  node.firstElementChild?.setAttribute("d", shapes[name]);
}
