import en from "../locales/en/about.json";
import fr from "../locales/fr/about.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
