import en from "../locales/en/watch.json";
import fr from "../locales/fr/watch.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
