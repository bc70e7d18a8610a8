import en from "../locales/en/studio.json";
import fr from "../locales/fr/studio.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
