import en from "../locales/en/form.json";
import fr from "../locales/fr/form.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
