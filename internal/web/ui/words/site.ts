import en from "../locales/en/site.json";
import fr from "../locales/fr/site.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
