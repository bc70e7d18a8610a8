// Amounts as forms have them: in units that people think in, empty for no limit. Pure.

export const giga = 1e9;
export const mega = 1e6;
export const hour = 3600;
export const day = 86_400;
export const minute = 60;

/** The text of a field for an amount; "" where it stands for no limit. */
export function toField(amount: number, unit: number, none: number): string {
  return amount === none || amount < 0 ? "" : String(Math.round((amount / unit) * 1000) / 1000);
}

/** The amount that a field's text stands for. The field is one of numbers: its text is one, or empty. */
export function fromField(text: string, unit: number, none: number): number {
  return text.trim() === "" ? none : Math.round(Number(text) * unit);
}
