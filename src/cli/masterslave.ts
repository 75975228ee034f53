#!/usr/bin/env node
/** The command `masterslave`: runs the command line and exits with its exit code. */
import { main } from "./main.ts";

process.exitCode = await main(process.argv.slice(2));
