import en from "../locales/en/channel.json";
import fr from "../locales/fr/channel.json";
import { addWords } from "../i18n.ts";

addWords(en, fr);
