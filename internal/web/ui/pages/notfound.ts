// Nothing to do but to speak the reader's language.
import { startPage } from "./common.ts";

startPage();
