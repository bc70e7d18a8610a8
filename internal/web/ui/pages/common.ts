// What every page does: its language, and the switch for it.
import { find } from "../dom.ts";
import { chooseLanguage, language, languages, startLanguage } from "../i18n.ts";

export function startPage(): void {
  startLanguage();
  const choice = document.querySelector<HTMLSelectElement>("#language");
  if (!choice) return; // an embedded player has none
  choice.replaceChildren(
    ...Object.entries(languages).map(([code, name]) => {
      const option = document.createElement("option");
      option.value = code;
      option.lang = code;
      option.textContent = name;
      return option;
    }),
  );
  choice.value = language();
  choice.addEventListener("change", () => chooseLanguage(choice.value));
  find("#language-choice").hidden = false;
}
