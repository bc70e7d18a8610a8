import en from "../locales/en/login.json";
import fr from "../locales/fr/login.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
