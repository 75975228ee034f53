import { smokePair } from "./smoke-pair.ts";

smokePair("classic");
