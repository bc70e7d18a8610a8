// Limits that an admin sets: for lives, for replays, for new users.
import { day, fromField, giga, hour, mega, minute, toField } from "../amounts.ts";
import { getSettings, putSettings, type Settings } from "../api/admin.ts";
import { find } from "../dom.ts";
import { showFailure } from "../failure.ts";
import { field, onSubmit } from "../form.ts";
import "../words/admin.ts";
import { isAdmin, startMyPage } from "./common.ts";

await startMyPage(isAdmin);
const form = find<HTMLFormElement>("#limits-form");

/** The fields: name, unit, what stands for no limit. */
const amounts = {
  maxLives: [1, -1],
  maxUser: [1, -1],
  maxDuration: [hour, 0],
  maxBitRate: [mega, 0],
  maxBytes: [giga, -1],
  maxAge: [day, 0],
  dvr: [minute, -1],
  quota: [giga, -1],
  dailyQuota: [giga, -1],
} as const;
type Amount = keyof typeof amounts;

function write(name: Amount, amount: number): void {
  const [unit, none] = amounts[name];
  field(form, name).value = toField(amount, unit, none);
}

function read(name: Amount): number {
  const [unit, none] = amounts[name];
  return fromField(field(form, name).value, unit, none);
}

function fill({ live, replays, users }: Settings): void {
  field(form, "enabled").checked = live.enabled;
  field(form, "allowed").checked = replays.allowed;
  for (const name of ["maxLives", "maxUser", "maxDuration", "maxBitRate"] as const) write(name, live[name]);
  for (const name of ["maxBytes", "maxAge", "dvr"] as const) write(name, replays[name]);
  for (const name of ["quota", "dailyQuota"] as const) write(name, users[name]);
}

async function look(): Promise<void> {
  try {
    fill(await getSettings());
    showFailure(find("#failure"), undefined);
  } catch (e) {
    showFailure(find("#failure"), e, () => void look());
  }
}

onSubmit(form, {
  send: async () => {
    // Read anew: what other pages set stays as it is.
    const settings = await getSettings();
    await putSettings({
      ...settings,
      live: { ...settings.live, enabled: field(form, "enabled").checked, maxLives: read("maxLives"), maxUser: read("maxUser"), maxDuration: read("maxDuration"), maxBitRate: read("maxBitRate") },
      replays: { ...settings.replays, allowed: field(form, "allowed").checked, maxBytes: read("maxBytes"), maxAge: read("maxAge"), dvr: read("dvr") },
      users: { ...settings.users, quota: read("quota"), dailyQuota: read("dailyQuota") },
    });
  },
  done: "form.saved",
});
void look();
