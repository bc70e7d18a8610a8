import en from "../locales/en/player.json";
import fr from "../locales/fr/player.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
