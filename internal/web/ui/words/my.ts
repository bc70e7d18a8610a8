import en from "../locales/en/my.json";
import fr from "../locales/fr/my.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
