import en from "../locales/en/home.json";
import fr from "../locales/fr/home.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
