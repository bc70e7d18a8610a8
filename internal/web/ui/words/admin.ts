import en from "../locales/en/admin.json";
import fr from "../locales/fr/admin.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
