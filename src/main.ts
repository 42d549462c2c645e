#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
// V8 lets its heap grow to four times what is in use before it looks for garbage, as long as the machine has memory: bursts of large
// requests would take what other programs need.
setFlagsFromString('--heap-growing-percent=50');

// Only then the rest: V8 takes compiled code that was kept only where its flags are the same (scripts/loader.cjs).
void import('./cli/program').then(({ main }) => main());
