import { smokePair } from "./smoke-pair.ts";

smokePair("artemis");
